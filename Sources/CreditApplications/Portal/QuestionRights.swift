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
  /// Whether literals of the condition could find out numbers of people.
  let isProbing: Bool

  /// - Parameters:
  ///   - others: items that are named elsewhere than in the condition.
  init(
    _ codes: [String], condition: String?, others: [String], _ reading: AccessReading
  ) throws {
    guard (1...RecordQuestion.maximumEntries).contains(codes.count) else {
      throw CreditError("limit", "a question is about 1 to \(RecordQuestion.maximumEntries) entries")
    }
    let visible = try reading.visible().codes
    if let hidden = codes.first(where: { !visible.contains($0) }) {
      throw AccessRefusal(.entryNotGranted, "records of \(hidden) may not be seen")
    }
    entries = try Set(codes).sorted().map { try reading.snapshot.entry($0) }
    let filter = try condition.map { try Filter(parsing: $0) }
    var names = Set(others)
    var isProbing = false
    filter?.visit { operand, comparison, literals in
      names.insert(operand.name)
      if literals.contains(where: { Self.mayProbe(comparison, $0.value, on: reading.today) }) {
        isProbing = true
      }
    }
    self.filter = filter
    self.isProbing = isProbing
    items = names.filter { !$0.hasPrefix("$") }
    for entry in entries { try check(entry, reading) }
  }

  /// Whether the caller may ask about the items of an entry that are named.
  private func check(_ entry: CatalogueEntry, _ reading: AccessReading) throws(AccessRefusal) {
    for id in items {
      guard let place = entry.itemIndex(id) else { continue }
      let item = entry.items[place]
      let isAllowed = reading.rights().contains { right in
        right.entries.allows(entry) && Self.mayName(item, of: entry, right.entries)
      }
      guard isAllowed else {
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

  /// Digits of a literal from which on asking again and again could find out a masked number.
  private static let probingDigits = 4
  /// Digits of a number that might be somebody's.
  private static let personalDigits = 11

  private static func mayProbe(_ comparison: Filter.Comparison?, _ value: Value, on day: Day) -> Bool {
    switch value {
    case .text(let text):
      if PersonalNumbers.masked(text, on: day) != text { return true }
      guard comparison != .equal, comparison != .notEqual else { return false }
      return longestDigits(text) >= probingDigits
    case .integer(let number): return String(number.magnitude).utf8.count >= personalDigits
    case .decimal(let number): return String(number.units.magnitude).utf8.count >= personalDigits
    case .day, .second, .month, .boolean: return false
    }
  }

  private static func longestDigits(_ text: String) -> Int {
    var (longest, run) = (0, 0)
    for character in text {
      // Full-width digits count as well.
      run = character.isNumber || character == "X" || character == "x" ? run + 1 : 0
      longest = max(longest, run)
    }
    return longest
  }

  /// Whether a record shows what the question names, so that it may be found by it.
  func mayFind(_ shown: ShownRecord, _ record: CreditRecord) -> Bool {
    items.allSatisfy { id in
      guard record.entry.itemIndex(id) != nil else { return true }
      if let item = shown.items.first(where: { $0.id == id }) { return !(isProbing && item.isMasked) }
      return shown.absentItems.contains { $0.id == id }
    }
  }
}
