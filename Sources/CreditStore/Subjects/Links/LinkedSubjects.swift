// Owns linking identifiers by hand, undoing it, and asking what is linked.
// Invariants: a link and its undoing are one commit each, with a note among the batches; no link joins a subject with itself.
// Does not link by itself (SubjectMatching) and does not check who may link.

public import CreditModel
import Foundation
import SegmentStore

extension CreditDatabase {
  /// Says that two identifiers are one subject's (主体合并).
  ///
  /// Records stay under the identifier they came with; reading one subject reads the others' too. Undo it with ``unlink(_:_:reason:)``.
  ///
  /// ```swift
  /// let number = try database.link(old, new, evidence: .registrationChange, note: "换证", since: day, by: "李某")
  /// ```
  /// - Parameters:
  ///   - first: one identifier. A number with a wrong check character may be linked: records stand under it as it was reported.
  ///   - second: the other one.
  ///   - evidence: why they are the same subject's.
  ///   - note: more about it; does not name anybody.
  ///   - since: the first day on which the subject had the second.
  ///   - author: who says so.
  /// - Returns: the number of the link.
  /// - Throws: `CreditError`: `invalidIdentifier` for an empty or overlong one, a placeholder, a masked number, or a word for "none", `sameSubject` for one and the same, `evidenceContradicts` where the numbers say
  ///   otherwise, `alreadyLinked`, `limit`.
  @discardableResult
  public func link(
    _ first: Identifier, _ second: Identifier, evidence: LinkEvidence, note: String? = nil, since: Day? = nil,
    by author: String
  ) throws -> UInt64 {
    do {
      let (left, right) = try (Self.linkKey(first), Self.linkKey(second))
      for identifier in [first, second] {
        try Self.checkIsNamed(identifier)
        let verdict = Identifier.check(identifier.text, as: identifier.kind, on: Self.today())
        if let reason = verdict.errors.first(where: { $0 == .placeholder || $0 == .masked }) {
          throw CreditError(
            "invalidIdentifier",
            "nobody's records stand under \(reason.explanation): nothing is linked with it")
        }
      }
      guard left != right else { throw CreditError("sameSubject", "both are the same identifier") }
      guard evidence.isBorne(by: first, second) else {
        throw CreditError(
          "evidenceContradicts",
          "the two numbers themselves do not bear out \(evidence.rawValue); say manual if somebody decided so"
        )
      }
      let (number, _) = try engine.write { transaction -> UInt64 in
        let table = LinkTable(snapshot: transaction.snapshot)
        let known = try table.links(of: first, key: left.rawValue)
        guard !known.contains(where: { $0.other.isSame(as: second) }) else {
          throw CreditError("alreadyLinked", "the two identifiers are linked already")
        }
        let number = transaction.commit << 20
        let link = SubjectLink(
          number: number, subject: first, other: second, evidence: evidence, note: note, since: since,
          author: author,
          commit: transaction.commit)
        try LinkTable.append(link, keys: (left.rawValue, right.rawValue), to: &transaction)
        try Batches.append(
          Batch(kind: "linked", entry: "", unit: nil, file: nil, receipt: nil, reason: evidence.rawValue),
          to: &transaction)
        return number
      }
      return number
    } catch { throw CreditError(wrapping: error) }
  }

  /// Refuses what stands for "missing": whoever asks about a list with such a line would be told of somebody's records.
  private static func checkIsNamed(_ identifier: Identifier) throws {
    let bytes = Array(identifier.text.utf8)
    guard !MissingMarkers.contains(bytes.span, type: .text) else {
      throw CreditError(
        "invalidIdentifier", "'\(identifier.text)' stands for a missing number: nothing is linked with it")
    }
  }

  /// Takes back that two identifiers are one subject's (撤销合并). Snapshots of earlier commits still see it.
  ///
  /// - Parameters:
  ///   - first: one identifier.
  ///   - second: the other one.
  ///   - reason: why; does not name anybody.
  /// - Returns: the commit.
  /// - Throws: `CreditError`: `notLinked`, `reasonMissing`.
  @discardableResult
  public func unlink(_ first: Identifier, _ second: Identifier, reason: String) throws -> UInt64 {
    do {
      guard !reason.allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "undoing a link needs a reason")
      }
      let (left, right) = try (Self.linkKey(first), Self.linkKey(second))
      let (_, commit) = try engine.write { transaction in
        let table = LinkTable(snapshot: transaction.snapshot)
        let links = try table.links(of: first, key: left.rawValue).filter { $0.other.isSame(as: second) }
        guard !links.isEmpty else {
          throw CreditError("notLinked", "the two identifiers are not linked directly")
        }
        for link in links {
          for key in [left, right] {
            for row in try table.rows(of: link.number, under: key.rawValue) {
              transaction.supersede(row.address)
            }
          }
        }
        try Batches.append(
          Batch(kind: "unlinked", entry: "", unit: nil, file: nil, receipt: nil, reason: reason),
          to: &transaction)
      }
      guard let commit else { throw CreditError("failed", "the link was not undone") }
      return commit
    } catch { throw CreditError(wrapping: error) }
  }

  private static func linkKey(_ identifier: Identifier) throws -> SubjectKey {
    guard let key = LinkTable.unseenKey(identifier) else {
      throw CreditError(
        "invalidIdentifier", "an identifier must have 1 to \(SubjectKey.maximumTextBytes) bytes")
    }
    return key
  }
}

extension CreditSnapshot {
  /// Which links reading follows.
  public enum Links: Sendable, Equatable {
    /// Those of the snapshot.
    case followed
    /// Those that held as of another commit: records of then, put together as it is known now.
    case asOf(UInt64)
    /// None: records under this one identifier.
    case ignored
  }

  /// The links of an identifier.
  ///
  /// - Parameters:
  ///   - subject: the identifier.
  ///   - includesUndone: also links that were undone.
  public func links(of subject: Identifier, includesUndone: Bool = false) throws -> [SubjectLink] {
    do {
      guard let key = LinkTable.unseenKey(subject) else { return [] }
      return try LinkTable(snapshot: engine).links(of: subject, key: key.rawValue, history: includesUndone)
    } catch { throw CreditError(wrapping: error) }
  }

  /// All identifiers of a subject as links put them together, the one asked about first (主体的全部标识).
  ///
  /// - Parameters:
  ///   - subject: one of them.
  ///   - links: which links.
  /// - Throws: `CreditError`, code `limit`, where more than a thousand are linked.
  public func identifiers(of subject: Identifier, links: Links = .followed) throws -> [Identifier] {
    do { return try linked(subject, links).map(\.identifier) } catch { throw CreditError(wrapping: error) }
  }

  /// The same with their keys; those that the store has no record of under another text are left out.
  func linked(_ subject: Identifier, _ links: Links) throws -> [(identifier: Identifier, key: SubjectKey)] {
    let own = try LongIdentifiers.key(of: subject, in: engine)
    guard let asOf = linkSnapshot(links) else { return own.map { [(subject, $0)] } ?? [] }
    guard let key = own ?? LinkTable.unseenKey(subject) else { return [] }
    guard try asOf.mayHaveRows(of: SystemDatasets.links.dataset) else {
      return own.map { [(subject, $0)] } ?? []
    }
    let all = try LinkTable(snapshot: asOf).identifiers(of: subject, key: key)
    // A long identifier whose text is not the one stored under its key is somebody else's.
    return try all.filter { try LongIdentifiers.key(of: $0.identifier, in: engine) != nil }
  }

  /// The identifiers that are a subject's own: of a body those of bodies, of a person its other numbers and the bodies linked with them. Links are not followed
  /// from a body on to its owner, nor from there to what else the owner has, so that nobody's business becomes another's.
  ///
  /// - Throws: `CreditError`, code `limit`, where more than a thousand are linked.
  package func ownIdentifiers(of subject: Identifier) throws -> [Identifier] {
    do { return try ownLinked(subject).map(\.identifier) } catch { throw CreditError(wrapping: error) }
  }

  /// The same with their keys.
  func ownLinked(_ subject: Identifier) throws -> [(identifier: Identifier, key: SubjectKey)] {
    guard let key = LinkTable.unseenKey(subject) else { return [] }
    guard try engine.mayHaveRows(of: SystemDatasets.links.dataset) else { return [(subject, key)] }
    // From a person on to all that are linked with it, from a body of a person's no further; from a body on to bodies.
    return try LinkTable(snapshot: engine).identifiers(of: subject, key: key) { from, to in
      subject.isOfPerson ? from.isOfPerson : !to.isOfPerson
    }
  }

  /// The snapshot whose links are followed; `nil` where none are.
  func linkSnapshot(_ links: Links) -> EngineSnapshot? {
    switch links {
    case .ignored: nil
    case .followed: engine
    case .asOf(let commit): EngineSnapshot(view: engine.view, commit: min(commit, engine.view.commit))
    }
  }
}

extension Identifier {
  /// Kind and text, byte for byte.
  func isSame(as other: Identifier) -> Bool { kind == other.kind && text.utf8.elementsEqual(other.text.utf8) }
}
