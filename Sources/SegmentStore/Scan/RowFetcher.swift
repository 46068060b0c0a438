// Owns reading single rows one after the other by their addresses.
// Invariants: what is read is what the snapshot sees; one fetcher serves one thread.
// Does not choose rows.

/// Reads rows by address. Keeps open what the rows before needed: columns and blocks of a segment serve many rows.
package final class RowFetcher {
  private struct Place: Hashable {
    var segment: UInt64
    var dataset: DatasetID
  }

  /// Segments with their columns kept open at most: few questions meet more, and each keeps a block of every column, which the cache may
  /// have given up meanwhile.
  private static func maximumPlaces(_ reader: SegmentReader) -> Int {
    max(4, min(64, reader.cacheBudget >> 20))
  }

  private let snapshot: EngineSnapshot
  private var assemblers: [Place: RowAssembler] = [:]

  package init(_ snapshot: EngineSnapshot) { self.snapshot = snapshot }

  /// The row at an address.
  ///
  /// - Parameter key: the subject key of the row.
  package func row(at address: RowAddress, key: UInt128, schema: DatasetSchema) throws(StoreError)
    -> StoredRow
  {
    guard address.segment != 0 else { return try snapshot.row(at: address, key: key, schema: schema) }
    let place = Place(segment: address.segment, dataset: schema.dataset)
    // Taken out while it is used, so that reading does not copy it.
    var assembler: RowAssembler
    if let known = assemblers.removeValue(forKey: place), known.schema == schema {
      assembler = known
    } else {
      guard let segment = snapshot.view.segment(address.segment),
        let opened = try RowAssembler(segment, schema: schema)
      else { throw StoreError(.invalidArgument, "the snapshot has no such row") }
      if assemblers.count >= Self.maximumPlaces(segment.reader) { assemblers.removeAll() }
      assembler = opened
    }
    let (system, payload) = try assembler.row(address.position, key: key)
    let superseded = try assembler.superseded(address.position, asOf: snapshot.commit)
    assemblers[place] = assembler
    return StoredRow(
      address: address, dataset: schema.dataset, key: key, system: system, superseded: superseded,
      payload: payload)
  }
}
