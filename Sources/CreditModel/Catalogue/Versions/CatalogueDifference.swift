// Owns telling two versions of an entry apart (版本比对).
// Invariants: the same two versions give the same list in the same order; an item is known by its id, so a new name is a change and no new item.
// Does not judge whether records fit a version: that needs a store.

import Foundation

/// What changed from one version of a catalogue entry to another.
///
/// ```swift
/// for change in CatalogueDifference(from: old, to: new).changes { print(change) }
/// ```
public struct CatalogueDifference: Codable, Sendable, Equatable {
  /// One change.
  public struct Change: Codable, Sendable, Equatable, CustomStringConvertible {
    /// What was done.
    public enum Kind: String, Codable, Sendable {
      /// The place is new.
      case added
      /// The place is gone.
      case removed
      /// The place says something else.
      case changed
    }

    /// What was done.
    public var kind: Kind
    /// Where: a key of the entry such as `openness`, or `items.ID` and `items.ID.KEY`.
    public var path: String
    /// What stood there, as JSON; `nil` for what is new or had its default.
    public var before: String?
    /// What stands there, as JSON; `nil` for what is gone or has its default.
    public var after: String?

    /// One line for people.
    public var description: String {
      switch kind {
      case .added: "+ \(path): \(after ?? "")"
      case .removed: "- \(path): \(before ?? "")"
      case .changed: "~ \(path): \(before ?? "—") → \(after ?? "—")"
      }
    }
  }

  /// Code of the entry.
  public var entry: String
  /// The earlier version.
  public var from: Int
  /// The later version.
  public var to: Int
  /// All changes: those of the entry by key, then those of its items in the order of the later version, removed ones last.
  public var changes: [Change]

  /// Compares two versions.
  ///
  /// - Parameters:
  ///   - old: the earlier version.
  ///   - new: the later one; its `version` and `versionNote` alone are no change.
  public init(from old: CatalogueEntry, to new: CatalogueEntry) {
    entry = new.code
    from = old.version
    to = new.version
    changes = Self.changes(Self.keys(of: old), Self.keys(of: new), prefix: "")
    let known = Dictionary(old.items.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for item in new.items {
      guard let before = known[item.id] else {
        changes.append(Change(kind: .added, path: "items.\(item.id)", after: Self.json(item)))
        continue
      }
      changes += Self.changes(Self.keys(of: before), Self.keys(of: item), prefix: "items.\(item.id).")
    }
    let kept = Set(new.items.map(\.id))
    for item in old.items where !kept.contains(item.id) {
      changes.append(Change(kind: .removed, path: "items.\(item.id)", before: Self.json(item)))
    }
    let order = { (items: [CatalogueItem], others: Set<String>) in items.map(\.id).filter(others.contains) }
    let (before, after) = (order(old.items, kept), order(new.items, Set(known.keys)))
    if before != after {
      changes.append(
        Change(kind: .changed, path: "items", before: Self.json(before), after: Self.json(after)))
    }
  }

  private static func changes(
    _ old: [(String, String?)], _ new: [(String, String?)], prefix: String
  ) -> [Change] {
    zip(old, new).compactMap { old, new in
      old.1 == new.1
        ? nil : Change(kind: .changed, path: prefix + old.0, before: old.1, after: new.1)
    }
  }

  /// Every key of an entry but its items with its JSON, always in the same order.
  private static func keys(of entry: CatalogueEntry) -> [(String, String?)] {
    [
      ("name", json(entry.name)), ("category", json(entry.category)), ("nature", json(entry.nature)),
      ("subjectKinds", json(entry.subjectKinds)), ("openness", json(entry.openness)),
      ("sharing", json(entry.sharing)), ("sharingCondition", json(entry.sharingCondition)),
      ("updateCycle", json(entry.updateCycle)), ("basis", json(entry.basis)), ("units", json(entry.units)),
      ("subject", json(entry.subject)), ("subjectName", json(entry.subjectName)),
      ("subjectState", json(entry.subjectState)),
      ("recordKey", json(entry.recordKey)), ("eventDate", json(entry.eventDate)),
      ("invalidIdentifier", json(entry.invalidIdentifier)), ("summary", json(entry.summary)),
      ("level", json(entry.level)), ("region", json(entry.region)),
      ("effectiveFrom", json(entry.effectiveFrom)), ("effectiveUntil", json(entry.effectiveUntil)),
      ("rules", json(entry.rules)),
    ]
  }

  private static func keys(of item: CatalogueItem) -> [(String, String?)] {
    let isDecimal = item.type == .decimal
    return [
      ("name", json(item.name)), ("aliases", json(item.aliases)), ("type", json(item.type)),
      ("length", json(item.length)), ("precision", isDecimal ? json(item.precision) : nil),
      ("scale", isDecimal ? json(item.scale) : nil), ("required", json(item.required)),
      ("identifier", json(item.identifier)), ("identifierKindFrom", json(item.identifierKindFrom)),
      ("openness", json(item.openness)), ("mask", json(item.mask)), ("options", json(item.options)),
      ("allowsSeveral", json(item.allowsSeveral)), ("remarks", json(item.remarks)),
    ]
  }

  private static func json(_ value: (some Encodable)?) -> String? {
    guard let value else { return nil }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) }
  }
}
