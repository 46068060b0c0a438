// Owns loading a small batch into the journal.
// Invariants: the same decisions as for large batches; versions superseded within the batch are marked by their place.

package import SegmentStore

package struct JournalLoader {
  private let identity: RecordIdentity
  private let batch: BatchRows
  private let makeNameCheck: () throws -> NameCheck?

  package init(
    identity: RecordIdentity, batch: BatchRows, makeNameCheck: @escaping () throws -> NameCheck? = { nil }
  ) {
    self.identity = identity
    self.batch = batch
    self.makeNameCheck = makeNameCheck
  }

  package func load(_ runs: [any GatheredRun], _ transaction: inout WriteTransaction) throws
    -> BatchLoader.Outcome
  {
    var entries: [RunEntry] = []
    var memory: [ByteArena] = []
    for run in runs { try run.load(KeyRange(lower: 0, upper: nil), into: &entries, keeping: &memory) }
    entries.sortRows()
    var existing = try ExistingRows(transaction.snapshot, schema: identity.schema)
    let decider = VersionDecider(identity, batch: batch)
    var decision = PartitionDecision()
    var start = 0
    while start < entries.count {
      let key = entries[start].key
      let end = entries[start...].firstIndex { $0.key != key } ?? entries.count
      let known = try existing.rows(of: key, like: entries[start..<end], identity)
      try decider.decide(entries[start..<end], existing: known, into: &decision)
      start = end
    }
    var outcome = BatchLoader.Outcome(
      loaded: decision.loaded, updated: decision.updated, duplicate: decision.duplicate)
    outcome.closed = decision.closed.map {
      (RunRow.sequence($0), String(decoding: RunRow.raw($0), as: UTF8.self))
    }
    if var names = try makeNameCheck() {
      try names.check(decision.rows[...])
      outcome.warnings.append(names.warnings)
    }
    for address in decision.superseded { transaction.supersede(address) }
    for row in decision.rows {
      if row.isSuperseded { transaction.supersede(transaction.nextRowAddress) }
      guard let payload = batch.payload(row.row) else {
        throw StoreError(.damaged, "a spill file does not read back as written")
      }
      try transaction.append(
        identity.schema, key: row.key, batch: transaction.commit, version: row.version, payload: payload)
    }
    withExtendedLifetime(memory) {}
    return outcome
  }
}
