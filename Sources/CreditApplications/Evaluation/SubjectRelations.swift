// Owns which items of records name somebody else, and how that one stands to the subject.
// Invariants: a relation is what a record says that the caller is shown; names are not taken for identifiers, so that nobody is linked by a name.

import CreditModel

/// Somebody else a record names (关联关系).
public struct SubjectRelation: Codable, Sendable, Equatable {
  /// How the other one stands to the subject.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// Represents it (法定代表人、负责人).
    case representative
    /// Pledged its equity (出质人).
    case pledgor
    /// Holds a pledge of its equity (质权人).
    case pledgee
    /// Is owed by somebody it stands for (债权人).
    case creditor
    /// Owes, and it stands for that (债务人).
    case debtor
    /// Has a contract with it (合同对方).
    case contractParty
    /// Is the same subject under another identifier (同一主体).
    case sameSubject
  }

  /// How.
  public var kind: Kind
  /// The name, or the identifier of the same subject, as the caller may see it.
  public var name: String
  /// Code of the entry that says so; `nil` for links.
  public var entry: String?
  /// The day of the event of the record.
  public var day: Day?

  /// Items that name others, by their ends.
  private static let items: [(suffix: String, kind: Kind)] = [
    ("_FRDB", .representative), ("法人代表", .representative), ("法定代表人", .representative), ("GQCZ_CZR", .pledgor),
    ("GQCZ_ZQR", .pledgee), ("DWDB_ZQR", .creditor), ("DWDB_ZWR", .debtor), ("HTLX_DF", .contractParty),
  ]

  /// Relations of a subject at most.
  static let maximum = 200

  /// What records say, the latest first, each once.
  static func relations(in latest: [ShownRecord]) -> [SubjectRelation] {
    struct Place: Hashable {
      var kind: Kind
      var name: String
    }
    var seen: Set<Place> = []
    var found: [SubjectRelation] = []
    for record in latest {
      for item in record.items {
        guard let kind = items.first(where: { item.id.hasSuffix($0.suffix) })?.kind,
          item.value != record.subjectName, seen.insert(Place(kind: kind, name: item.value)).inserted
        else { continue }
        found.append(SubjectRelation(kind: kind, name: item.value, entry: record.entry, day: record.day))
        if found.count == maximum { return found }
      }
    }
    return found
  }
}
