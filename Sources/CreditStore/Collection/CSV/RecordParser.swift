// Owns taking CSV records apart into cells: RFC 4180, read leniently where real files depart from it.
// Invariants: total over any bytes; a cell is a range of the input or, where quotes had to be resolved, of a side
// buffer; a quote inside an unquoted field is an ordinary character; text behind a closing quote belongs to the cell.
// Marked kernel: pointers stay inside the buffer.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Parses the records of a stretch of bytes, one after the other.
package struct RecordParser {
  /// A cell: where its bytes lie.
  package struct Cell {
    package var start: Int
    package var count: Int
    /// Whether the bytes lie in the side buffer.
    package var isResolved: Bool
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  /// Cells of the current record.
  package private(set) var cells: [Cell] = []
  private var resolved: [UInt8] = []
  /// The bytes of the current record without its terminator.
  package private(set) var recordRange = 0..<0
  /// Whether the current record ended inside quotes.
  package private(set) var isUnterminated = false

  package init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// Moves to the next record that is not blank; false at the end.
  package mutating func next() -> Bool {
    while position < bytes.count {
      let start = position
      cells.removeAll(keepingCapacity: true)
      resolved.removeAll(keepingCapacity: true)
      isUnterminated = false
      var end = start
      while true {
        let delimiter = cell()
        end = position
        guard position < bytes.count else { break }
        position += 1
        if delimiter != 0x2C {
          if delimiter == 0x0D, position < bytes.count, bytes[position] == 0x0A { position += 1 }
          break
        }
        if position == bytes.count {
          cells.append(Cell(start: position, count: 0, isResolved: false))
          end = position
          break
        }
      }
      recordRange = start..<end
      if !isBlank { return true }
    }
    return false
  }

  /// A record of one unquoted cell with nothing but blanks is a blank line, not a row.
  private var isBlank: Bool {
    guard cells.count == 1, !cells[0].isResolved, cells[0].start == recordRange.lowerBound else { return false }
    for index in recordRange where bytes[index] != 0x20 && bytes[index] != 0x09 { return false }
    return true
  }

  /// The bytes of a cell.
  @inline(__always)
  package func withBytes<Result>(of cell: Cell, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    if cell.isResolved {
      return try resolved.withUnsafeBytes {
        try body(UnsafeRawBufferPointer(rebasing: $0[cell.start..<cell.start + cell.count]))
      }
    }
    return try body(UnsafeRawBufferPointer(rebasing: bytes[cell.start..<cell.start + cell.count]))
  }

  /// The bytes of a cell as an array.
  package func copy(_ cell: Cell) -> [UInt8] { withBytes(of: cell) { Array($0) } }

  /// Reads one cell; leaves the position at its delimiter and returns that.
  private mutating func cell() -> UInt8 {
    guard position < bytes.count, bytes[position] == 0x22 else { return unquoted(from: position) }
    return quoted()
  }

  private mutating func unquoted(from start: Int) -> UInt8 {
    var index = position
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x2C || byte == 0x0A || byte == 0x0D { break }
      index &+= 1
    }
    cells.append(Cell(start: start, count: index - start, isResolved: false))
    position = index
    return index < bytes.count ? bytes[index] : 0
  }

  private mutating func quoted() -> UInt8 {
    guard let base = bytes.baseAddress else { return 0 }
    let start = position + 1
    var from = start
    var isPlain = true
    let side = resolved.count
    while true {
      guard from < bytes.count, let found = memchr(base + from, 0x22, bytes.count - from) else {
        // The quote never closes: the rest of the bytes is the cell.
        isUnterminated = true
        appendCell(start, bytes.count, isPlain, side, from)
        position = bytes.count
        return 0
      }
      let quote = UnsafeRawPointer(found) - base
      if quote + 1 < bytes.count, bytes[quote + 1] == 0x22 {
        isPlain = false
        resolved.append(contentsOf: bytes[from...quote])
        from = quote + 2
        continue
      }
      var index = quote + 1
      while index < bytes.count, bytes[index] != 0x2C, bytes[index] != 0x0A, bytes[index] != 0x0D { index &+= 1 }
      position = index
      if index > quote + 1 {
        // Text behind the closing quote.
        resolved.append(contentsOf: bytes[from..<quote])
        resolved.append(contentsOf: bytes[(quote + 1)..<index])
        cells.append(Cell(start: side, count: resolved.count - side, isResolved: true))
      } else {
        appendCell(start, quote, isPlain, side, from)
      }
      return index < bytes.count ? bytes[index] : 0
    }
  }

  private mutating func appendCell(_ start: Int, _ end: Int, _ isPlain: Bool, _ side: Int, _ from: Int) {
    if isPlain {
      cells.append(Cell(start: start, count: end - start, isResolved: false))
    } else {
      resolved.append(contentsOf: bytes[min(from, end)..<end])
      cells.append(Cell(start: side, count: resolved.count - side, isResolved: true))
    }
  }
}
