// Owns which rows a question looks at: its entries, what its filter tells before a row is read, and how they are cut into parts.
// Invariants: rows that are left out cannot match.
// Does not read values.

import CreditModel
import SegmentStore

/// The rows of a question.
struct QueryRows {
  let entries: [PublishedEntry]
  /// Items that the filter names, and those that are added.
  var items: QueryItems
  let filter: BoundFilter?
  /// Rows of a segment that are of no interest, because something else knows them.
  var isKnown: (SegmentView, DatasetChunk) -> Bool = { _, _ in false }

  /// Checks the filter against the entries.
  init(_ entries: [PublishedEntry], filter: Filter?) throws(CreditError) {
    self.entries = entries
    items = QueryItems(entries)
    var bound: BoundFilter?
    if let filter { bound = try BoundFilter(filter, &items) }
    self.filter = bound
  }

  /// Rows of one entry that are walked together.
  struct Part {
    var entry: PublishedEntry
    var scan: VectorScan
    var rows: VectorScan.Part
  }

  /// The rows to look at, in parts.
  ///
  /// - Parameters:
  ///   - start: entry and subject before which no row is of interest.
  ///   - after: where given, all versions of records that came behind this commit, those superseded since too.
  func parts(
    _ snapshot: EngineSnapshot, _ options: QueryExecution, from start: (entry: String, key: UInt128)? = nil,
    versionsAfter after: UInt64? = nil
  ) throws -> [Part] {
    let wanted = options.usesSubjects ? wantedSubjects() : []
    var parts: [Part] = []
    for entry in entries {
      let code = entry.entry.code
      if let start, code.utf8.lexicographicallyPrecedes(start.entry.utf8) { continue }
      let isFirst = start.map { code.utf8.elementsEqual($0.entry.utf8) } ?? false
      let schema = items.schema(of: entry)
      let scan = VectorScan(
        snapshot, schema: schema, includesSuperseded: after != nil, after: after ?? 0)
      let found = try scan.parts(rows: options.rowsOfPart) { (segment, chunk) throws(StoreError) in
        if isKnown(segment, chunk) { return [] }
        for (item, keys) in wanted where try VectorScan.isKeyText(schema.columns[item], segment, chunk) {
          return try VectorScan.rows(of: keys, segment, chunk)
        }
        if isFirst, let start { return try VectorScan.rows(from: start.key, segment, chunk) }
        return nil
      }
      parts += found.map { Part(entry: entry, scan: scan, rows: $0) }
    }
    return parts
  }

  /// Items that must have one of a few texts, and the keys that have these texts: where the texts of an item are those of the rows' keys,
  /// the subject directory finds the rows.
  private func wantedSubjects() -> [(item: Int, keys: [UInt128])] {
    (filter?.conjuncts ?? []).compactMap { part in
      guard case .texts(.item(let item), let condition) = part, let texts = condition.wantedTexts else {
        return nil
      }
      return (item, Set(texts.flatMap(Self.keys)).sorted())
    }
  }

  /// The keys whose text is this, one for each kind of identifier that can have it.
  private static func keys(_ text: [UInt8]) -> [UInt128] {
    let text = String(decoding: text, as: UTF8.self)
    return IdentifierKind.allCases.compactMap { kind in
      guard let key = SubjectKey(Identifier(text, as: kind), digest: { _ in 0 }), !key.needsFullText,
        let rendered = key.text, rendered.utf8.elementsEqual(text.utf8)
      else { return nil }
      return key.rawValue
    }
  }
}
