// Owns loading a small batch into the journal.
// Invariants: the same decisions as for large batches; versions superseded within the batch are marked by their place.

package import SegmentStore

package struct JournalLoader {
  private let identity: RecordIdentity

  package init(identity: RecordIdentity) { self.identity = identity }

  package func load(_ runs: [any SortedRun], _ transaction: inout WriteTransaction) throws
    -> BatchLoader.Outcome
  {
    var entries: [RunEntry] = []
    var memory: [ByteArena] = []
    for run in runs { try run.load(KeyRange(lower: 0, upper: nil), into: &entries, keeping: &memory) }
    entries.sort { $0.key != $1.key ? $0.key < $1.key : $0.sequence < $1.sequence }
    var existing = try ExistingRows(transaction.snapshot, schema: identity.schema)
    let decider = VersionDecider(identity)
    var decision = PartitionDecision()
    var start = 0
    while start < entries.count {
      let key = entries[start].key
      let end = entries[start...].firstIndex { $0.key != key } ?? entries.count
      decider.decide(entries[start..<end], existing: try existing.rows(of: key), into: &decision)
      start = end
    }
    var outcome = BatchLoader.Outcome(
      loaded: decision.loaded, updated: decision.updated, duplicate: decision.duplicate)
    outcome.closed = decision.closed.map {
      (RunRow.sequence($0), String(decoding: RunRow.raw($0), as: UTF8.self))
    }
    for address in decision.superseded { transaction.supersede(address) }
    for row in decision.rows {
      if row.isSuperseded { transaction.supersede(transaction.nextRowAddress) }
      try transaction.append(
        identity.schema, key: row.key, batch: transaction.commit, version: row.version,
        payload: Array(RunRow.payload(row.row)))
    }
    withExtendedLifetime(memory) {}
    return outcome
  }
}
