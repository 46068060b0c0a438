// Owns the rows in which links are stored, and finding all identifiers of a subject.
// Invariants: a link stands under both its ends; the two rows come and go in one commit; what is undone stays readable as of earlier commits.
// Does not decide what is linked.

import CreditModel
import SegmentStore

struct LinkTable {
  /// Identifiers of one subject at most; more means that something was linked that should not be.
  static let maximumIdentifiers = 1000

  let snapshot: EngineSnapshot

  /// The links of an identifier that hold, or with `history` all there ever were, by number.
  func links(of subject: Identifier, key: UInt128, history: Bool = false) throws -> [SubjectLink] {
    let schema = SystemDatasets.links
    let linksKey = SystemDatasets.key(linksOf: key)
    let rows =
      history
      ? try snapshot.rows(of: linksKey, schema: schema)
      : try snapshot.currentRows(of: linksKey, schema: schema)
    return try rows.compactMap { try Self.link($0, of: subject) }.sorted { $0.number < $1.number }
  }

  /// All identifiers that links join with one, that itself first, then as they are found.
  ///
  /// - Throws: `CreditError`, code `limit`, where more than a thousand are joined.
  ///
  /// - Parameter follows: whether a link is followed from one identifier to another.
  func identifiers(
    of subject: Identifier, key: SubjectKey,
    where follows: (Identifier, Identifier) -> Bool = { _, _ in true }
  ) throws -> [(identifier: Identifier, key: SubjectKey)] {
    var found = [(identifier: subject, key: key)]
    var known: Set<UInt128> = [key.rawValue]
    var next = 0
    while next < found.count {
      let from = found[next].identifier
      for link in try links(of: from, key: found[next].key.rawValue) where follows(from, link.other) {
        guard let other = try LongIdentifiers.key(of: link.other, in: snapshot) ?? Self.unseenKey(link.other),
          known.insert(other.rawValue).inserted
        else { continue }
        found.append((link.other, other))
        guard found.count <= Self.maximumIdentifiers else {
          throw CreditError(
            "limit",
            "more than \(Self.maximumIdentifiers) identifiers are linked with one another; undo a link")
        }
      }
      next += 1
    }
    return found
  }

  /// The key of a long identifier that has no record yet: nothing is found under it, but its own links are.
  static func unseenKey(_ identifier: Identifier) -> SubjectKey? {
    SubjectKey(identifier, digest: SubjectKey.digest)
  }

  /// Visits both ends of each link that holds: the number of the link, and the identifier at the other end.
  func forEachEnd(_ body: (Int64, Identifier) throws -> Void) throws {
    try DatasetScan(snapshot, schema: SystemDatasets.links).forEach { row in
      guard let number = try row.integer(2), let kind = try row.integer(0).flatMap(Self.kind(number:)),
        let text = try row.text(1)
      else { throw StoreError(.damaged, "a link between subjects is incomplete") }
      try body(number, Identifier(String(decoding: text, as: UTF8.self), as: kind))
    }
  }

  // MARK: Rows

  static func append(
    _ link: SubjectLink, keys: (UInt128, UInt128), to transaction: inout WriteTransaction
  ) throws {
    for (key, own, other) in [(keys.0, link.subject, link.other), (keys.1, link.other, link.subject)] {
      try transaction.append(
        SystemDatasets.links, key: SystemDatasets.key(linksOf: key), batch: transaction.commit,
        payload: RowPayload.encode([
          .integer(kindNumber(other.kind)), .text(other.text), .integer(Int64(bitPattern: link.number)),
          .text(link.evidence.rawValue), link.note.map { .text($0) } ?? .null,
          link.since.map { .integer(Int64($0.daysSinceEpoch)) } ?? .null, .text(link.author), .text(own.text),
        ]))
    }
  }

  /// The current rows of a link under one of its ends.
  func rows(of number: UInt64, under key: UInt128) throws -> [StoredRow] {
    let schema = SystemDatasets.links
    return try snapshot.currentRows(of: SystemDatasets.key(linksOf: key), schema: schema).filter {
      try $0.cells(schema)[2].number == Int64(bitPattern: number)
    }
  }

  /// `nil` for a link of another subject whose long identifier has the same key.
  private static func link(_ row: StoredRow, of subject: Identifier) throws -> SubjectLink? {
    let cells = try row.cells(SystemDatasets.links)
    guard cells[7].string?.utf8.elementsEqual(subject.text.utf8) == true else { return nil }
    guard let kind = cells[0].number.flatMap(kind(number:)), let text = cells[1].string,
      let number = cells[2].number, let evidence = cells[3].string.flatMap(LinkEvidence.init(rawValue:)),
      let author = cells[6].string
    else { throw StoreError(.damaged, "a link between subjects is incomplete") }
    return SubjectLink(
      number: UInt64(bitPattern: number), subject: subject, other: Identifier(text, as: kind),
      evidence: evidence,
      note: cells[4].string, since: cells[5].number.flatMap { Day(daysSinceEpoch: Int(clamping: $0)) },
      author: author,
      commit: row.system.commit, until: row.superseded)
  }

  /// The numbers of kinds in rows; they never change.
  private static let kinds: [IdentifierKind] = [
    .unifiedSocialCreditCode, .citizenIdentityNumber, .organizationCode, .businessRegistrationNumber,
    .taxpayerNumber,
    .document, .unknown,
  ]

  private static func kindNumber(_ kind: IdentifierKind) -> Int64 {
    Int64(kinds.firstIndex(of: kind) ?? kinds.count - 1)
  }

  private static func kind(number: Int64) -> IdentifierKind? {
    kinds.indices.contains(Int(clamping: number)) ? kinds[Int(clamping: number)] : nil
  }
}
