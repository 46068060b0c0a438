// Owns what a purge is asked to take out, and how that is named without naming the person.
// Invariants: texts for the store, for people and for certificates show the identifier masked: after the purge no file holds it.

public import CreditModel

/// What a purge takes out of a store (清除范围).
public enum PurgeScope: Sendable, Equatable {
  /// Everything about a subject: all its records with all their versions, rows set aside that name it, and the notes of changes to it.
  ///
  /// Without a kind the text is looked for under every kind of identifier.
  case subject(String, kind: IdentifierKind? = nil)
  /// One record with all its versions.
  case record(entry: String, subject: Identifier, key: String)
  /// Records of an entry all of whose versions have an event date before a day: those whose time is over (保存期届满).
  ///
  /// Records without an event date stay.
  case expired(entry: String, before: Day)

  /// The scope in words, for the batch and the certificate.
  var explanation: String {
    switch self {
    case .subject(let text, let kind): "subject \(Self.shown(text, kind))"
    case .record(let entry, let subject, _):
      "a record of entry \(entry), \(Self.shown(subject.text, subject.kind))"
    case .expired(let entry, let day): "records of entry \(entry) before \(day)"
    }
  }

  /// The entry the scope is limited to.
  var entryCode: String? {
    switch self {
    case .subject: nil
    case .record(let entry, _, _), .expired(let entry, _): entry
    }
  }

  private static func shown(_ text: String, _ kind: IdentifierKind?) -> String {
    let identifier =
      kind.map { Identifier(text, as: $0) } ?? Identifier(detecting: text, on: CreditDatabase.today())
    return Mask.citizenIdentityNumber.apply(to: identifier.text)
  }
}
