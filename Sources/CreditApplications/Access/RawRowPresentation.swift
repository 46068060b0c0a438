// Owns showing rows as they were sent, which were set aside and so often hold mistyped numbers.
// Invariants: each value is masked on its own, by the item that its column is; rows with the same columns have their header recognised once.
// Does not show raw bytes (RecordPresentation).

public import CreditModel
import Foundation

/// Shows raw rows of one entry (退回数据展示脱敏).
///
/// Rows that were set aside are those with mistyped numbers: where the item says that it is a person's, they are masked whatever they look like.
///
/// ```swift
/// var rows = RawRowPresentation(.masked(on: today), of: entry)
/// for row in set { print(rows.shown(row)) }
/// ```
public struct RawRowPresentation {
  private let presentation: RecordPresentation
  private let entry: CatalogueEntry
  private var columns: [String] = []
  /// The items of the columns.
  private var items: [CatalogueItem?] = []

  /// The length of the shortest number that somebody may have meant to be an identity number.
  private static let shortestMistypedNumber = 13

  /// - Parameters:
  ///   - presentation: how much is shown.
  ///   - entry: the entry the rows were reported for.
  public init(_ presentation: RecordPresentation, of entry: CatalogueEntry) {
    self.presentation = presentation
    self.entry = presentation.presentMasks?.entry(entry) ?? entry
  }

  /// A row to show.
  ///
  /// - Parameter json: the row, as its batch keeps it.
  public mutating func shown(_ json: String) -> String {
    guard presentation.purpose == nil,
      let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    else { return json }
    let names = object.keys.sorted()
    if names != columns {
      columns = names
      items = HeaderRecognition.items(of: names, for: entry).map { place in place.map { entry.items[$0] } }
    }
    var shown = object
    var isMasked = false
    for (place, name) in names.enumerated() {
      switch object[name] {
      case let text as String:
        let masked = cell(text, items[place])
        guard masked != text else { continue }
        shown[name] = masked
      case let texts as [String]:
        let masked = texts.map { cell($0, nil) }
        guard masked != texts else { continue }
        shown[name] = masked
      default: continue
      }
      isMasked = true
    }
    // The order of the columns is kept where nothing had to be masked.
    guard isMasked else { return json }
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
    guard let output = try? JSONSerialization.data(withJSONObject: shown, options: options) else {
      return "{}"
    }
    return String(decoding: output, as: UTF8.self)
  }

  private func cell(_ text: String, _ item: CatalogueItem?) -> String {
    guard let item else { return presentation.text(text) }
    if item.openness == .authorized, item.mask != nil { return presentation.text(text, of: item) }
    let masked = presentation.text(text)
    // What stands in place of an identifier and is no body's may be a person's number with a digit too many or too few.
    guard masked == text, item.identifier != nil, text.unicodeScalars.count >= Self.shortestMistypedNumber
    else { return masked }
    // Other kinds take any text of their length.
    let isBodys = [IdentifierKind.unifiedSocialCreditCode, .organizationCode, .businessRegistrationNumber]
      .contains { Identifier.check(text, as: $0, on: presentation.today).isValid }
    return isBodys ? masked : Mask(leading: 6, trailing: 4).apply(to: text)
  }
}
