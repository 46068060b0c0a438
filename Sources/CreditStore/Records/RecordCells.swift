// Owns the values of records that were read together, as the store keeps them: numbers, and texts one behind the other.
// Invariants: never changes once made; a text is valid UTF-8 if the store's is; values are made when somebody asks for them.
// Does not know names of items.

import CreditModel

/// Values of several records, row by row.
final class RecordCells: Sendable {
  /// A value; of a text its place among the bytes.
  struct Cell: Sendable {
    private static let absent: Int32 = -1
    private static let number: Int32 = -2

    /// The number, or where the text begins.
    fileprivate let stored: Int64
    /// Bytes of the text.
    fileprivate let count: Int32

    static let none = Cell(stored: 0, count: absent)

    static func number(_ number: Int64) -> Cell { Cell(stored: number, count: Self.number) }

    fileprivate static func text(at start: Int, count: Int) -> Cell {
      // A value has at most 16 MiB.
      Cell(stored: Int64(start), count: Int32(clamping: count))
    }

    /// The number; `nil` for texts and where there is none.
    var storedNumber: Int64? { count == Self.number ? stored : nil }

    fileprivate var textBytes: Range<Int>? {
      count >= 0 ? Int(stored)..<Int(stored) + Int(count) : nil
    }
  }

  /// Values on their way.
  struct Builder {
    let width: Int
    private(set) var cells: [Cell]
    private(set) var bytes: [UInt8] = []

    /// - Parameters:
    ///   - rows: records.
    ///   - width: items of a record.
    init(rows: Int, width: Int) {
      self.width = width
      cells = Array(repeating: .none, count: rows * width)
      bytes.reserveCapacity(rows * 64)
    }

    subscript(row: Int, item: Int) -> Cell {
      get { cells[row * width + item] }
      set { cells[row * width + item] = newValue }
    }

    /// Keeps a text.
    mutating func text(_ text: UnsafeRawBufferPointer) -> Cell {
      let start = bytes.count
      bytes.append(contentsOf: text)
      return .text(at: start, count: text.count)
    }
  }

  private let forms: [StoredForm]
  private let cells: [Cell]
  private let bytes: [UInt8]

  /// - Parameter forms: of the items.
  init(_ builder: Builder, forms: [StoredForm]) {
    self.forms = forms
    cells = builder.cells
    bytes = builder.bytes
  }

  var count: Int { cells.count }

  /// The value at a place: items of the first record, then of the next.
  func value(_ place: Int) -> Value? {
    let cell = cells[place]
    if let text = cell.textBytes { return .text(String(decoding: bytes[text], as: UTF8.self)) }
    return cell.storedNumber.map { forms[place % forms.count].value($0) }
  }

  /// The number at a place, as the store keeps it.
  func storedNumber(_ place: Int) -> Int64? { cells[place].storedNumber }

  /// The bytes of the text at a place.
  func withText<Result, Failure>(
    _ place: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    guard let text = cells[place].textBytes else { return nil }
    // A span borrows from a variable, not from a property of a class.
    let bytes = bytes
    return try body(bytes.span.extracting(text))
  }
}
