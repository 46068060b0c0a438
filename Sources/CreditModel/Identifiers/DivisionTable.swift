// Owns the look-up of administrative divisions (行政区划, GB/T 2260) by code and year.
// Invariants: codes ascend; a code that any edition ever carried is known for ever, since identifiers keep the
// division of their first registration.
// Does not hold names or the changes between codes.

/// Which division codes exist and in which years they were in force.
///
/// ```swift
/// DivisionTable.standard.contains(130302)            // true: Haigang, Qinhuangdao
/// DivisionTable.standard.years(of: 130323)           // the county that became Funing district
/// ```
/// Source: GB/T 2260 editions of 1980 to 2021 and the list of the Ministry of Civil Affairs of 2026.
public struct DivisionTable: Sendable {
  /// The table that ships with the library.
  public static let standard = DivisionTable()

  private let known: [UInt64]
  private let codes: [Int32]
  private let spans: [(first: Int16, last: Int16)]
  private let spanIndexes: [UInt16]

  private init() {
    var reader = PackedNumbers(DivisionData.spans)
    spans = (0..<DivisionData.spanCount).map { _ in
      let first = Int16(1980 + reader.next())
      let last = reader.next()
      return (first, last == 0 ? Int16.max : Int16(1979 + last))
    }
    var codes: [Int32] = []
    var indexes: [UInt16] = []
    var known = [UInt64](repeating: 0, count: 1_000_000 / 64)
    reader = PackedNumbers(DivisionData.codes)
    var code = 0
    for _ in 0..<DivisionData.codeCount {
      code += reader.next()
      codes.append(Int32(code))
      indexes.append(UInt16(reader.next()))
      known[code >> 6] |= 1 << UInt64(code & 63)
    }
    self.codes = codes
    self.known = known
    spanIndexes = indexes
  }

  /// Whether any edition carries the six-digit code.
  public func contains(_ code: Int) -> Bool {
    guard code >= 0, code < 1_000_000 else { return false }
    return known[code >> 6] >> UInt64(code & 63) & 1 == 1
  }

  /// The first and last year in which an edition carries the code; `nil` for an unknown code.
  ///
  /// - Parameter code: six digits as a number, for example `130302`.
  /// - Returns: the years; the upper bound is `Int.max` while the code is in force.
  public func years(of code: Int) -> ClosedRange<Int>? {
    guard contains(code) else { return nil }
    var low = 0
    var high = codes.count
    while low < high {
      let middle = (low + high) / 2
      if Int(codes[middle]) < code { low = middle + 1 } else { high = middle }
    }
    let span = spans[Int(spanIndexes[low])]
    return Int(span.first)...(span.last == Int16.max ? Int.max : Int(span.last))
  }
}

/// Reads numbers packed five bits a symbol, most significant first, as `scripts/divisions.py` writes them.
private struct PackedNumbers {
  private let symbols: [UInt8]
  private var index = 0
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0, count: 128)
    let alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
    for (index, byte) in alphabet.utf8.enumerated() { values[Int(byte)] = UInt8(index) }
    return values
  }()

  init(_ text: String) { symbols = Array(text.utf8) }

  mutating func next() -> Int {
    var value = 0
    while index < symbols.count {
      let symbol = Self.values[Int(symbols[index] & 0x7F)]
      index += 1
      value = value << 5 | Int(symbol & 31)
      if symbol < 32 { break }
    }
    return value
  }
}
