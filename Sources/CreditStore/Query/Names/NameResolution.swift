// Owns what the records of a subject say of a name it was found under: whether the snapshot sees it, where it stands, and how it is spelt.
// Invariants: only versions that the snapshot sees count, and of these none of a record that was withdrawn; of several spellings the first in the order of their
// bytes is given.

import CreditModel
import SegmentStore

/// Looks into the records of subjects for their names.
struct NameResolution {
  /// An entry that names its subjects.
  private struct NamedEntry {
    var code: String
    var item: CatalogueItem
    /// The item alone.
    var schema: DatasetSchema
  }

  private let snapshot: EngineSnapshot
  private var entries: [DatasetID: NamedEntry] = [:]

  /// - Parameter entries: those that are asked; others are passed over.
  init(_ snapshot: EngineSnapshot, _ entries: [PublishedEntry]) {
    self.snapshot = snapshot
    for entry in entries {
      guard let place = entry.schema.searchColumn else { continue }
      self.entries[entry.dataset] = NamedEntry(
        code: entry.entry.code, item: entry.entry.items[place],
        schema: DatasetSchema(
          dataset: entry.dataset, version: entry.schema.version, columns: [entry.schema.columns[place]]))
    }
  }

  /// The subject under its name; `nil` when no version that the snapshot sees has it.
  func subject(_ candidate: NameCandidate) throws -> NamedSubject? {
    var spelling: [UInt8]?
    var isFormer = true
    var items: [String: CatalogueItem] = [:]
    var scratch: [UInt8] = []
    for dataset in try snapshot.datasets(of: candidate.key.subject) {
      guard let entry = entries[dataset] else { continue }
      let rows = try snapshot.rows(of: candidate.key.subject, schema: entry.schema)
      // Few candidates have names that only earlier versions have.
      var chains: VersionChains?
      for row in rows {
        guard let cells = row.payload.withUnsafeBytes({ RowPayload.decode($0, entry.schema) }),
          case .text(let text) = cells[0]
        else { continue }
        scratch.removeAll(keepingCapacity: true)
        text.withUnsafeBytes { NormalizedName.normalize($0, into: &scratch) }
        guard scratch == candidate.key.name else { continue }
        if row.superseded == nil {
          guard row.system.state != RecordState.withdrawn.rawValue else { continue }
        } else {
          let known = chains ?? VersionChains(rows)
          chains = known
          guard known.stands(row) else { continue }
        }
        items[entry.code] = entry.item
        let bytes = Array(text)
        if spelling.map({ bytes.lexicographicallyPrecedes($0) }) ?? true { spelling = bytes }
        if row.superseded == nil { isFormer = false }
      }
    }
    guard let spelling else { return nil }
    let codes = items.keys.sorted()
    let found = codes.compactMap { items[$0] }
    let item = found.dropFirst().reduce(found[0]) { CatalogueItem.stricter($0, $1) }
    let key = SubjectKey(rawValue: candidate.key.subject)
    let text = try key.text ?? LongIdentifiers.text(of: key.rawValue, in: snapshot) ?? ""
    return NamedSubject(
      subject: Identifier(text, as: key.kind ?? .document),
      name: String(decoding: spelling, as: UTF8.self), match: candidate.match, isFormer: isFormer,
      entries: codes, item: item)
  }
}
