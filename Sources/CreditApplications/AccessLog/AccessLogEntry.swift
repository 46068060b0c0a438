// Owns one line of the access log, and the bytes its hash is made of.
// Invariants: no line holds an identifier: subjects stand as hashes under the deployment's key; every field is part of the chain.

/// Who did what with whose data, when and what for (访问日志).
public struct AccessLogEntry: Codable, Sendable, Equatable {
  /// Number of the line in its file, from 1.
  public var sequence: Int
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public var instant: Int64
  /// The account; `nil` on the website.
  public var account: String?
  /// Credit code of its unit.
  public var unit: String?
  /// Ids of the roles under which it was allowed.
  public var roles: [String]
  /// Where it was asked.
  public var portal: Portal
  /// The machine, as the caller gave it.
  public var terminal: String?
  /// What was done.
  public var action: AccessAction
  /// What for.
  public var purpose: String
  /// The case.
  public var caseNumber: String?
  /// Hashes of the subjects.
  public var subjects: [String]
  /// Codes of the entries of which something was shown or written.
  public var entries: [String]
  /// Records shown or written.
  public var rows: Int
  /// The consent it rests on.
  public var consent: String?
  /// `allowed`, or the rule that refused, or the code of an error.
  public var outcome: String

  /// What the hash of the line is made of: every field with its length, so that no two lines give the same bytes.
  var canonicalBytes: [UInt8] {
    var bytes = CanonicalBytes()
    bytes.append(sequence)
    bytes.append(instant)
    bytes.append(account)
    bytes.append(unit)
    bytes.append(roles)
    bytes.append(portal.rawValue)
    bytes.append(terminal)
    bytes.append(action.rawValue)
    bytes.append(purpose)
    bytes.append(caseNumber)
    bytes.append(subjects)
    bytes.append(entries)
    bytes.append(rows)
    bytes.append(consent)
    bytes.append(outcome)
    return bytes.bytes
  }
}
