// Owns taking CSV records apart into cells: RFC 4180, read leniently where real files depart from it.
// Invariants: total over any bytes; a cell is a range of the input or, where quotes had to be resolved, of a side
// buffer; a quote inside an unquoted field is an ordinary character; text behind a closing quote belongs to the cell.
// Marked kernel: pointers stay inside the buffer.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif
import SegmentStore

/// Parses the records of a stretch of bytes, one after the other.
package struct RecordParser: ~Copyable {
  /// A cell: where its bytes lie.
  package struct Cell {
    package var start: Int
    package var count: Int
    /// Whether the bytes lie in the side buffer.
    package var isResolved: Bool
  }

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  /// Cells of the current record; the memory belongs to the parser.
  private var cellMemory: UnsafeMutablePointer<Cell>
  private var cellCapacity = 64
  /// Number of cells of the current record.
  package private(set) var cellCount = 0
  private let resolved = ByteArena(capacity: 256)
  /// The bytes of the current record without its terminator.
  package private(set) var recordRange = 0..<0
  /// Whether the current record ended inside quotes.
  package private(set) var isUnterminated = false

  package init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    cellMemory = .allocate(capacity: 64)
  }

  deinit { cellMemory.deallocate() }

  /// A cell of the current record.
  @inline(__always)
  package subscript(index: Int) -> Cell { cellMemory[index] }

  /// Cells whose places are kept; more than any header may have. The count goes on.
  private static let maximumCells = 1 << 14

  @inline(__always)
  private mutating func append(_ cell: Cell) {
    guard cellCount < Self.maximumCells else {
      cellCount &+= 1
      return
    }
    if cellCount == cellCapacity { growCells() }
    cellMemory[cellCount] = cell
    cellCount &+= 1
  }

  private mutating func growCells() {
    let grown = UnsafeMutablePointer<Cell>.allocate(capacity: cellCapacity * 2)
    grown.update(from: cellMemory, count: cellCount)
    cellMemory.deallocate()
    cellMemory = grown
    cellCapacity *= 2
  }

  /// Moves to the next record that is not blank; false at the end.
  package mutating func next() -> Bool {
    while position < bytes.count {
      let start = position
      cellCount = 0
      resolved.truncate(to: 0)
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
          append(Cell(start: position, count: 0, isResolved: false))
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
    guard cellCount == 1, !self[0].isResolved, self[0].start == recordRange.lowerBound else { return false }
    for index in recordRange where bytes[index] != 0x20 && bytes[index] != 0x09 { return false }
    return true
  }

  /// The bytes of a cell.
  @inline(__always)
  package func withBytes<Result>(of cell: Cell, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    if cell.isResolved {
      return try body(UnsafeRawBufferPointer(start: resolved.base + cell.start, count: cell.count))
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
    // Eight bytes at a time. The lowest byte that is told to be a delimiter is one; those above it may be told so by its borrow.
    while index &+ 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let found =
        Self.bytes(of: word, equalTo: 0x2C) | Self.bytes(of: word, equalTo: 0x0A)
        | Self.bytes(of: word, equalTo: 0x0D)
      guard found == 0 else {
        index &+= found.trailingZeroBitCount >> 3
        break
      }
      index &+= 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x2C || byte == 0x0A || byte == 0x0D { break }
      index &+= 1
    }
    append(Cell(start: start, count: index - start, isResolved: false))
    position = index
    return index < bytes.count ? bytes[index] : 0
  }

  /// The highest bit of each byte of a word that equals another; above the lowest one perhaps of others too.
  @inline(__always)
  private static func bytes(of word: UInt64, equalTo byte: UInt64) -> UInt64 {
    let difference = word ^ (byte &* 0x0101_0101_0101_0101)
    return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
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
        resolved.append(UnsafeRawBufferPointer(rebasing: bytes[from...quote]))
        from = quote + 2
        continue
      }
      var index = quote + 1
      while index < bytes.count, bytes[index] != 0x2C, bytes[index] != 0x0A, bytes[index] != 0x0D {
        index &+= 1
      }
      position = index
      if index > quote + 1 {
        // Text behind the closing quote.
        resolved.append(UnsafeRawBufferPointer(rebasing: bytes[from..<quote]))
        resolved.append(UnsafeRawBufferPointer(rebasing: bytes[(quote + 1)..<index]))
        append(Cell(start: side, count: resolved.count - side, isResolved: true))
      } else {
        appendCell(start, quote, isPlain, side, from)
      }
      return index < bytes.count ? bytes[index] : 0
    }
  }

  private mutating func appendCell(_ start: Int, _ end: Int, _ isPlain: Bool, _ side: Int, _ from: Int) {
    if isPlain {
      append(Cell(start: start, count: end - start, isResolved: false))
    } else {
      resolved.append(UnsafeRawBufferPointer(rebasing: bytes[min(from, end)..<end]))
      append(Cell(start: side, count: resolved.count - side, isResolved: true))
    }
  }
}
