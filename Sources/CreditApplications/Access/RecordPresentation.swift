// Owns what of a record may be shown without a purpose.
// Invariants: masking is the default, showing everything needs a purpose; a mask never widens what is visible.
// Does not log accesses yet and does not decide by role.

public import CreditModel
public import CreditStore

/// How records are shown to operators (展示脱敏).
///
/// ```swift
/// let presentation = RecordPresentation.masked(on: today)
/// let values = presentation.values(of: record)
/// ```
public struct RecordPresentation: Sendable {
  private let purpose: String?
  private let today: Day

  /// Citizen identity numbers and items with a mask are masked.
  public static func masked(on today: Day) -> RecordPresentation { RecordPresentation(purpose: nil, today: today) }

  /// Everything is shown, for a stated purpose.
  ///
  /// - Throws: `CreditError` with code `purposeMissing` for an empty purpose.
  public static func unmasked(purpose: String, on today: Day) throws(CreditError) -> RecordPresentation {
    guard !purpose.isEmpty else { throw CreditError("purposeMissing", "unmasked values need a purpose") }
    return RecordPresentation(purpose: purpose, today: today)
  }

  /// The values to show: item id and value, absent ones left out, in the order of the items.
  public func values(of record: CreditRecord) -> [(item: String, value: Value)] {
    record.entry.items.indices.compactMap { index in
      guard let value = record.values[index] else { return nil }
      return (record.entry.items[index].id, shown(value, record.entry.items[index]))
    }
  }

  /// A free text to show.
  public func text(_ text: String) -> String { purpose == nil ? PersonalNumbers.masked(text, on: today) : text }

  private func shown(_ value: Value, _ item: CatalogueItem) -> Value {
    guard purpose == nil, case .text(let text) = value else { return value }
    if item.openness == .authorized, let mask = item.mask, mask.count == 2 {
      return .text(Mask(leading: mask[0], trailing: mask[1]).apply(to: text))
    }
    return .text(PersonalNumbers.masked(text, on: today))
  }
}
