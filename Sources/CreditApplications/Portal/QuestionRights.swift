// Owns deciding what may be asked about entries: which items may be named in conditions, orders and figures.
// Invariants: what may not be seen may not be asked about either, since answers would tell it; a condition that could find out a masked number step by step
// counts only for records that show its items in full.

import CreditModel
import CreditStore

/// A question that was checked against the rights of a caller.
struct QuestionRights {
  let entries: [CatalogueEntry]
  let filter: Filter?
  /// Ids of the items that are named.
  let items: Set<String>
  /// Whether the question could find out numbers of people in texts that show them masked.
  let isProbing: Bool

  /// - Parameters:
  ///   - ordering: items whose order tells of their texts: records stand by them, or the least and the greatest are given.
  ///   - others: items that are named elsewhere.
  init(
    _ codes: [String], condition: String?, ordering: [String] = [], others: [String] = [],
    _ reading: AccessReading
  ) throws {
    guard ordering.count + others.count <= Self.maximumNames else {
      throw CreditError("limit", "a question names at most \(Self.maximumNames) items beside its condition")
    }
    guard (1...RecordQuestion.maximumEntries).contains(codes.count) else {
      throw CreditError("limit", "a question is about 1 to \(RecordQuestion.maximumEntries) entries")
    }
    let visible = try reading.visible().codes
    if let hidden = codes.first(where: { !visible.contains($0) }) {
      throw AccessRefusal(.entryNotGranted, "records of \(hidden) may not be seen")
    }
    entries = try Set(codes).sorted().map { try reading.snapshot.entry($0) }
    if others.contains("$received") {
      throw CreditError(
        "unknownItem", "$received may stand in a condition, and not in groups or measures", item: "$received")
    }
    let filter = try condition.map { try Filter(parsing: $0) }
    var names = Set(others + ordering)
    var isProbing = entries.contains { entry in
      ordering.contains {
        entry.itemIndex($0).map { entry.items[$0].type == .text || entry.items[$0].type == .code } ?? false
      }
    }
    filter?.visit { operand, comparison, literals in
      names.insert(operand.name)
      if literals.contains(where: { Self.mayProbe(comparison, $0.value, reading) }) { isProbing = true }
    }
    self.filter = filter
    // Who is shown numbers in full finds nothing out.
    self.isProbing = isProbing && !reading.roles.allSatisfy { $0.isUnmasked ?? false }
    items = names.filter { !$0.hasPrefix("$") }
    for entry in entries { try check(entry, reading) }
  }

  /// Items named in orders, groups and measures at most.
  private static let maximumNames = 30

  /// Whether the caller may ask about the items of an entry that are named.
  private func check(_ entry: CatalogueEntry, _ reading: AccessReading) throws {
    for id in items {
      guard let place = entry.itemIndex(id) else { continue }
      let item = entry.items[place]
      let isAllowed = reading.rights().contains { right in
        right.entries.allows(entry) && Self.mayName(item, of: entry, right.entries)
      }
      guard isAllowed else {
        // Everybody gets the answer that is given for an item that is not there.
        if reading.audience == .everybody {
          throw CreditError("unknownItem", "no item \(id) in \(entry.code)", item: id)
        }
        throw AccessRefusal(
          .itemNotGranted, "item \(id) of \(entry.code) may not be seen in full, and not be asked about")
      }
    }
  }

  /// Whether a role may name an item, in the records of its own units at least.
  static func mayName(_ item: CatalogueItem, of entry: CatalogueEntry, _ rights: EntryRights) -> Bool {
    guard rights.allows(item, of: entry, isOwn: rights.isOwn(entry.units)) else { return false }
    return item.mask == nil || rights.role.isUnmasked ?? false
  }

  /// Digits of a number that might be somebody's.
  private static let personalDigits = 11

  private static func mayProbe(
    _ comparison: Filter.Comparison?, _ value: Value, _ reading: AccessReading
  ) -> Bool {
    switch value {
    case .text(let text):
      // A whole text is guessed where it is a number; of a part each digit may be one of a number, found out by asking again and again.
      if comparison == .equal || comparison == .notEqual {
        return reading.roles.contains {
          RecordRights.masked(text, nil, $0, nil, on: reading.today) != text
        }
      }
      return text.unicodeScalars.contains { ("0"..."9").contains($0) || ("０"..."９").contains($0) }
    case .integer(let number): return String(number.magnitude).utf8.count >= personalDigits
    case .decimal(let number): return String(number.units.magnitude).utf8.count >= personalDigits
    case .day, .second, .month, .boolean: return false
    }
  }

  /// Whether a record shows what the question names, so that it may be found by it.
  func mayFind(_ shown: ShownRecord, _ record: CreditRecord) -> Bool {
    items.allSatisfy { id in
      guard let place = record.entry.itemIndex(id) else { return true }
      if let item = shown.items.first(where: { $0.id == id }) {
        return !item.isMasked || !isProbing && record.entry.items[place].mask == nil
      }
      return shown.absentItems.contains { $0.id == id }
    }
  }
}
