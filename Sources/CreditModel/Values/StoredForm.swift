// Owns the way from the numbers a store keeps to the values of an item.
// Invariants: two small fields, so that reading a record copies no item with its names.
// Does not read or write anything.

/// How the values of an item are stored as numbers.
package struct StoredForm: Sendable {
  package let type: ItemType
  package let scale: Int

  package init(type: ItemType, scale: Int) {
    self.type = type
    self.scale = scale
  }

  /// The value a stored number stands for.
  package func value(_ number: Int64) -> Value {
    switch type {
    case .text, .code: .text(String(number))
    case .integer: .integer(number)
    case .decimal: .decimal(FixedDecimal(units: number, scale: scale))
    case .date: .day(Day(unchecked: Int32(clamping: number)))
    case .timestamp: .second(Second(unchecked: number))
    case .month: .month(Month(unchecked: Int32(clamping: number)))
    case .boolean: .boolean(number != 0)
    }
  }
}
