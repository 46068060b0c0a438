// Owns what of a record may be shown without a purpose.
// Invariants: masking is the default, showing everything needs a purpose; a mask never widens what is visible.
// Does not log accesses yet and does not decide by role.

public import CreditModel
public import CreditStore
import Foundation

/// How records are shown to operators (展示脱敏).
///
/// ```swift
/// let presentation = RecordPresentation.masked(on: today)
/// let values = presentation.values(of: record)
/// ```
public struct RecordPresentation: Sendable {
  let purpose: String?
  let today: Day
  /// Those of now, where the records are of the past.
  var presentMasks: PresentMasks?

  private init(purpose: String?, today: Day) {
    self.purpose = purpose
    self.today = today
  }

  /// Citizen identity numbers and items with a mask are masked.
  public static func masked(on today: Day) -> RecordPresentation {
    RecordPresentation(purpose: nil, today: today)
  }

  /// Everything is shown, for a stated purpose.
  ///
  /// - Throws: `CreditError` with code `purposeMissing` for an empty purpose.
  public static func unmasked(purpose: String, on today: Day) throws(CreditError) -> RecordPresentation {
    guard !purpose.allSatisfy(\.isWhitespace) else {
      throw CreditError("purposeMissing", "unmasked values need a purpose")
    }
    return RecordPresentation(purpose: purpose, today: today)
  }

  /// The values to show: item id and value, absent ones left out, in the order of the items.
  public func values(of record: CreditRecord) -> [(item: String, value: Value)] {
    let items = items(of: record)
    return items.indices.compactMap { index in
      guard let value = record.values[index] else { return nil }
      return (items[index].id, shown(value, items[index]))
    }
  }

  private func items(of record: CreditRecord) -> [CatalogueItem] {
    presentMasks?.items(of: record.entry) ?? record.entry.items
  }

  /// Where the next page begins, if it may be shown: a cursor holds the subject, the record key and the order's values of the page's last record
  /// as they are, so it is withheld where one of them is masked.
  ///
  /// - Returns: the cursor, or `nil` with `isWithheld` when there is one that may not be shown.
  public func cursor(of page: RecordPage, _ query: RecordQuery) -> (text: String?, isWithheld: Bool) {
    guard let next = page.next, let last = page.records.last else { return (page.next, false) }
    let items = items(of: last)
    let values = query.order.compactMap { order -> (CatalogueItem, Value)? in
      guard let index = last.entry.itemIndex(order.column), let value = last.values[index] else { return nil }
      return (items[index], value)
    }
    let isShown =
      text(last.subject.text) == last.subject.text && key(of: last) == last.key
      && values.allSatisfy { shown($0.1, $0.0) == $0.1 }
    return isShown ? (next, false) : (nil, true)
  }

  /// The token behind a page of changes, if it may be shown: inside a commit it holds the subject and the record key of the last change as they are,
  /// behind whole commits nobody's.
  ///
  /// - Returns: the token, or `nil` with `isWithheld` when it may not be shown.
  public func token(of page: ChangePage) -> (text: String?, isWithheld: Bool) {
    guard page.hasMore, let last = page.changes.last else { return (page.next, false) }
    let isShown = text(last.subject.text) == last.subject.text && key(of: last) == last.key
    return isShown ? (page.next, false) : (nil, true)
  }

  /// A free text to show.
  public func text(_ text: String) -> String {
    purpose == nil ? PersonalNumbers.masked(text, on: today) : text
  }

  /// An identifier that was found by something else, such as a name, to show: numbers of people's other documents are masked as well, which nothing in their
  /// form tells from others where they stand in a text.
  public func text(_ subject: Identifier) -> String {
    purpose == nil && subject.kind == .document ? subject.masked : text(subject.text)
  }

  /// A value of an aggregate to show: by the mask of its item, if it comes from one.
  public func text(_ text: String, of item: CatalogueItem?) -> String {
    guard let item, case .text(let shown) = shown(.text(text), item) else { return self.text(text) }
    return shown
  }

  /// A cell of an aggregate to show, as the value of its item is shown; a number in an item of numbers may be somebody's, too.
  public func cell(_ cell: AggregateResult.Cell, of item: CatalogueItem?) -> AggregateResult.Cell {
    switch cell {
    case .text(let text): return .text(self.text(text, of: item))
    case .integer(let number) where item?.type == .integer:
      let text = String(number)
      let masked = self.text(text)
      return masked == text ? cell : .text(masked)
    default: return cell
    }
  }

  /// The key of a record to show: each value in it as the item that it is the value of.
  public func key(of record: CreditRecord) -> String {
    guard purpose == nil else { return record.key }
    let items = items(of: record)
    return text(record.key { shown($1, items[$0]) })
  }

  /// A raw row to show: each value of its JSON object masked on its own, by the item that its column is. For many rows of an entry see ``RawRowPresentation``.
  ///
  /// - Parameters:
  ///   - json: the row, as its batch keeps it.
  ///   - entry: the entry it was reported for.
  public func rawRow(_ json: String, of entry: CatalogueEntry) -> String {
    var rows = RawRowPresentation(self, of: entry)
    return rows.shown(json)
  }

  /// Raw bytes in Base64 to show, with identity numbers masked in them.
  public func rawBytes(_ base64: String) -> String {
    guard purpose == nil, let data = Data(base64Encoded: base64) else { return base64 }
    return Data(PersonalNumbers.masked(bytes: Array(data), on: today)).base64EncodedString()
  }

  private func shown(_ value: Value, _ item: CatalogueItem) -> Value {
    guard purpose == nil else { return value }
    guard case .text(let text) = value else {
      // A number in a numeric item may be somebody's too.
      let text = value.canonicalText
      let masked = PersonalNumbers.masked(text, on: today)
      return masked == text ? value : .text(masked)
    }
    if item.openness == .authorized, let mask = item.mask, mask.count == 2 {
      return .text(Mask(leading: mask[0], trailing: mask[1]).apply(to: text))
    }
    return .text(PersonalNumbers.masked(text, on: today))
  }
}
