// Owns the typed value of one item of a record.
// Invariants: a value is canonical (domain rule V13 and trimming are already applied); absence is `nil`, never a case.
// Does not read cells (see CellReader) and does not store anything.

/// One canonical value of a record (数据项的值).
///
/// ```swift
/// Value.decimal(FixedDecimal(units: 200_000, scale: 6)).canonicalText   // "0.2"
/// ```
public enum Value: Hashable, Sendable {
  /// Text, byte for byte as sent but for outer blanks. Equality of texts is equality of UTF-8 bytes.
  case text(String)
  /// A 64-bit integer.
  case integer(Int64)
  /// A fixed-point decimal.
  case decimal(FixedDecimal)
  /// A calendar day; `Day.isOpenEnded` tells "no end".
  case day(Day)
  /// A clock time.
  case second(Second)
  /// A calendar month.
  case month(Month)
  /// A truth value.
  case boolean(Bool)

  /// The canonical text: the output form of the JSON contract, without quotes.
  public var canonicalText: String {
    switch self {
    case .text(let text): text
    case .integer(let number): String(number)
    case .decimal(let number): number.description
    case .day(let day): day.description
    case .second(let second): second.description
    case .month(let month): month.description
    case .boolean(let flag): flag ? "true" : "false"
    }
  }

  /// The number a store keeps for every type but text.
  package var stored: Int64? {
    switch self {
    case .text: nil
    case .integer(let number): number
    case .decimal(let number): number.units
    case .day(let day): Int64(day.daysSinceEpoch)
    case .second(let second): second.secondsSinceEpoch
    case .month(let month): Int64(month.monthsSinceYearZero)
    case .boolean(let flag): flag ? 1 : 0
    }
  }

  /// Texts are equal when their UTF-8 bytes are; canonically equivalent spellings are different values.
  public static func == (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
    case (.integer(let left), .integer(let right)): left == right
    case (.decimal(let left), .decimal(let right)): left == right
    case (.day(let left), .day(let right)): left == right
    case (.second(let left), .second(let right)): left == right
    case (.month(let left), .month(let right)): left == right
    case (.boolean(let left), .boolean(let right)): left == right
    default: false
    }
  }

  /// Hashes the UTF-8 bytes of a text, in keeping with equality.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .text(let text): for byte in text.utf8 { hasher.combine(byte) }
    default: hasher.combine(stored)
    }
  }
}
