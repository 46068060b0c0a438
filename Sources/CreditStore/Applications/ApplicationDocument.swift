// Owns the documents that the applications keep in the store: roles, consents, applications for repair, notices.
// Invariants: a document has a kind and an id, and one current version; earlier ones stay readable. Those that concern a subject are found by it, under a
// key of the table's own, so that a document makes nobody a subject.
// Does not know what documents say: they are JSON to it.

package import CreditModel
import Foundation
import SegmentStore

/// One version of a document.
package struct ApplicationDocument: Sendable, Equatable {
  package var kind: String
  package var id: String
  package var json: String
  /// The commit that made this version.
  package var commit: UInt64
  /// The commit that replaced it; `nil` for the current one.
  package var until: UInt64?

  /// What the document says.
  ///
  /// - Throws: `CreditError`, code `damaged`, where it is not what was written.
  package func decoded<Value: Decodable>(as type: Value.Type) throws(CreditError) -> Value {
    do { return try JSONDecoder().decode(type, from: Data(json.utf8)) } catch {
      throw CreditError("damaged", "a document of kind \(kind) cannot be read")
    }
  }
}

struct DocumentTable {
  /// Bytes of a document at most.
  static let maximumBytes = 1 << 20

  let snapshot: EngineSnapshot

  /// The current version of a document.
  func current(_ kind: String, _ id: String) throws -> (document: ApplicationDocument, address: RowAddress)? {
    let schema = SystemDatasets.documents
    for row in try snapshot.currentRows(of: SystemDatasets.key(document: kind, id), schema: schema) {
      if let document = try Self.document(row, kind, id) { return (document, row.address) }
    }
    return nil
  }

  /// All current documents of some kinds, by kind and id.
  func all(_ kinds: Set<String>) throws -> [ApplicationDocument] {
    guard try snapshot.mayHaveRows(of: SystemDatasets.documents.dataset) else { return [] }
    var documents: [ApplicationDocument] = []
    try DatasetScan(snapshot, schema: SystemDatasets.documents).forEach { row in
      guard let kind = try row.string(0), kinds.contains(kind) else { return }
      guard let id = try row.string(1), let json = try row.string(2) else {
        throw StoreError(.damaged, "a document is incomplete")
      }
      documents.append(
        ApplicationDocument(
          kind: kind, id: id, json: json, commit: UInt64(bitPattern: try row.system(.commit))))
    }
    return documents.sorted { left, right in
      left.kind != right.kind
        ? left.kind < right.kind : left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
    }
  }

  /// The current documents of some kinds that concern a subject, by commit.
  func of(_ subject: SubjectKey, kinds: Set<String>) throws -> [ApplicationDocument] {
    guard try snapshot.mayHaveRows(of: SystemDatasets.subjectDocuments.dataset) else { return [] }
    var documents: [ApplicationDocument] = []
    for (kind, id) in try names(of: subject.rawValue) where kinds.contains(kind) {
      if let document = try current(kind, id)?.document { documents.append(document) }
    }
    return documents.sorted { ($0.commit, $0.id) < ($1.commit, $1.id) }
  }

  /// Kinds and ids of the documents that concern a subject.
  func names(of subject: UInt128) throws -> [(kind: String, id: String)] {
    let schema = SystemDatasets.subjectDocuments
    return try snapshot.currentRows(of: SystemDatasets.key(documentsOf: subject), schema: schema).map { row in
      let cells = try row.cells(schema)
      guard let kind = cells[0].string, let id = cells[1].string else {
        throw StoreError(.damaged, "a subject's document is incomplete")
      }
      return (kind, id)
    }
  }

  private static func document(_ row: StoredRow, _ kind: String, _ id: String) throws -> ApplicationDocument?
  {
    let cells = try row.cells(SystemDatasets.documents)
    guard let known = cells[0].string, let own = cells[1].string, let json = cells[2].string else {
      throw StoreError(.damaged, "a document is incomplete")
    }
    // Two names might have one key.
    guard known == kind, own.utf8.elementsEqual(id.utf8) else { return nil }
    return ApplicationDocument(
      kind: kind, id: id, json: json, commit: row.system.commit, until: row.superseded)
  }

  // MARK: Writing

  /// Puts a document in the place of its current version.
  static func put(
    _ kind: String, _ id: String, json: String, subjects: [SubjectKey], _ transaction: inout WriteTransaction
  ) throws {
    guard json.utf8.count <= maximumBytes, (1...256).contains(id.utf8.count) else {
      throw CreditError("limit", "a document has at most \(maximumBytes) bytes, and an id of 1 to 256")
    }
    let table = DocumentTable(snapshot: transaction.snapshot)
    if let old = try table.current(kind, id) { transaction.supersede(old.address) }
    try transaction.append(
      SystemDatasets.documents, key: SystemDatasets.key(document: kind, id), batch: transaction.commit,
      payload: RowPayload.encode([.text(kind), .text(id), .text(json)]))
    for subject in Set(subjects) {
      let known = try table.names(of: subject.rawValue)
      guard !known.contains(where: { $0.kind == kind && $0.id.utf8.elementsEqual(id.utf8) }) else { continue }
      try transaction.append(
        SystemDatasets.subjectDocuments, key: SystemDatasets.key(documentsOf: subject.rawValue),
        batch: transaction.commit, payload: RowPayload.encode([.text(kind), .text(id)]))
    }
  }
}

extension CreditSnapshot {
  /// The current version of a document.
  package func document(_ kind: String, _ id: String) throws -> ApplicationDocument? {
    do { return try DocumentTable(snapshot: engine).current(kind, id)?.document } catch {
      throw CreditError(wrapping: error)
    }
  }

  /// All current documents of some kinds, by kind and id.
  package func documents(_ kinds: Set<String>) throws -> [ApplicationDocument] {
    do { return try DocumentTable(snapshot: engine).all(kinds) } catch { throw CreditError(wrapping: error) }
  }

  /// The current documents of a kind that concern a subject, under any of its linked identifiers, by commit.
  package func documents(_ kind: String, of subject: Identifier) throws -> [ApplicationDocument] {
    try documents([kind], of: subject)
  }

  /// The same of some kinds at once.
  package func documents(_ kinds: Set<String>, of subject: Identifier) throws -> [ApplicationDocument] {
    do {
      let table = DocumentTable(snapshot: engine)
      var identifiers = try linked(subject, .followed)
      // A subject may have documents before it has records.
      if identifiers.isEmpty, let key = LinkTable.unseenKey(subject) { identifiers = [(subject, key)] }
      var documents: [ApplicationDocument] = []
      for (_, key) in identifiers {
        documents += try table.of(key, kinds: kinds).filter { new in
          !documents.contains { $0.id == new.id && $0.kind == new.kind }
        }
      }
      return identifiers.count > 1
        ? documents.sorted { ($0.commit, $0.id) < ($1.commit, $1.id) } : documents
    } catch { throw CreditError(wrapping: error) }
  }
}
