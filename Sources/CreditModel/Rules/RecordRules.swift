// Owns the rules V01 to V13, and those of the entry itself, as far as they look at the canonical values of one row.
// Invariants: a rule applies where the entry has the items it speaks of; rules never change values.
// Does not judge the subject identifier itself (V03: see collection) and does not apply V13, which comes first.

/// Settings of the rules.
public struct RuleOptions: Sendable, Hashable {
  /// The day against which "in the future" is judged.
  public var today: Day
  /// Whether a fine, a confiscation or a suspension must come with its amount or licence. The published text of
  /// the standard is not clear about it, so a city may switch it off.
  public var requiresPenaltyAmounts = true

  /// Makes settings for a day.
  public init(today: Day) { self.today = today }
}

/// The rules of one entry, bound to its items.
package struct RecordRules: Sendable {
  private let entry: CatalogueEntry
  private let required: [Int]
  private let lengths: [(item: Int, limit: Int)]
  private let options: [Int: ItemOptions]
  private let publicity: DoublePublicityRules?
  private let own: EntryRules?
  /// Whether rules need whole values; otherwise only presence and length are looked at.
  package var needsValues: Bool { publicity != nil || own != nil }

  /// Binds the rules.
  ///
  /// - Parameter present: items the file has a column for; others are not required of it.
  package init(_ entry: CatalogueEntry, present: Set<Int>) {
    self.entry = entry
    required = entry.items.indices.filter { entry.items[$0].required && present.contains($0) }
    lengths = entry.items.indices.compactMap { index in entry.items[index].length.map { (index, $0) } }
    options = Dictionary(
      uniqueKeysWithValues: entry.items.enumerated().compactMap { index, item in
        ItemOptions(item).map { (index, $0) }
      })
    publicity = DoublePublicityRules(entry, present: present)
    own = EntryRules(entry, present: present)
  }

  /// Binds the rules of the entry itself alone, as if a file had all columns.
  package init(rulesOf entry: CatalogueEntry) {
    self.entry = entry
    required = []
    lengths = []
    options = [:]
    publicity = nil
    own = EntryRules(entry, present: Set(entry.items.indices))
  }

  /// Items that must have a value (V01).
  package var requiredItems: [Int] { required }
  /// Length limits in characters (V12).
  package var lengthLimits: [(item: Int, limit: Int)] { lengths }

  /// Items whose values must be options (R-OPTION).
  package var itemsWithOptions: Dictionary<Int, ItemOptions>.Keys { options.keys }

  /// Whether a text is an option of an item; any is where the item has none.
  package func allow(_ text: UnsafeRawBufferPointer, for item: Int) -> Bool {
    options[item]?.allow(text) ?? true
  }

  package func notAnOption(_ item: Int) -> RuleFinding {
    RuleFinding(
      rule: "R-OPTION", item: entry.items[item].id, message: "the value is none of the item's options")
  }

  package func missing(_ item: Int) -> RuleFinding {
    RuleFinding(rule: "V01", item: entry.items[item].id, message: "required item is missing")
  }

  package func tooLong(_ item: Int, limit: Int) -> RuleFinding {
    RuleFinding(rule: "V12", item: entry.items[item].id, message: "longer than \(limit) characters")
  }

  /// The rules over several items.
  package func evaluate(_ values: [Value?], options: RuleOptions) -> RuleResult {
    var result = RuleResult()
    publicity?.evaluate(values, options: options, into: &result)
    own?.evaluate(values, into: &result)
    return result
  }
}
