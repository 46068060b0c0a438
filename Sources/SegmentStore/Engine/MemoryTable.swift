// Owns the rows of small commits until a checkpoint writes them into a segment.
// Invariants: rows are only added, in commit order; a row's position is its index; snapshots older than a row skip it.
// Does not persist anything: the journal holds these rows.

/// One row in memory.
package struct MemoryRow: Sendable {
  package var schema: DatasetSchema
  package var key: UInt128
  package var system: RowSystemValues
  package var payload: [UInt8]
}

/// Rows in memory, found by key.
package final class MemoryTable: Sendable {
  private struct Contents {
    var rows: [MemoryRow] = []
    var byKey: [UInt128: [UInt32]] = [:]
    var byDataset: [DatasetID: [UInt32]] = [:]
    var bytes = 0
  }

  private let contents = Guarded(Contents())
  package let marks = MarkTable()

  package init() {}

  /// Rows held.
  package var count: Int { contents.withLock { $0.rows.count } }
  /// Bytes of payloads held.
  package var bytes: Int { contents.withLock { $0.bytes } }

  /// Adds the rows that a commit carries itself.
  package func append(rowsOf record: CommitRecord) {
    for row in record.rows {
      append(
        MemoryRow(
          schema: record.schemas[row.schema], key: row.key,
          system: RowSystemValues(
            commit: record.commit, batch: row.batch, version: row.version, state: row.state),
          payload: row.payload))
    }
  }

  package func append(_ row: MemoryRow) {
    contents.withLock { contents in
      let position = UInt32(contents.rows.count)
      contents.byKey[row.key, default: []].append(position)
      contents.byDataset[row.schema.dataset, default: []].append(position)
      contents.bytes += row.payload.count + 96
      contents.rows.append(row)
    }
  }

  /// Rows of a key as of a commit, with their positions.
  package func rows(of key: UInt128, asOf commit: UInt64) -> [(position: UInt32, row: MemoryRow)] {
    contents.withLock { contents in
      (contents.byKey[key] ?? []).map { ($0, contents.rows[Int($0)]) }
    }.filter { $0.1.system.commit <= commit }
  }

  /// Rows of a dataset as of a commit.
  package func rows(of dataset: DatasetID, asOf commit: UInt64) -> [(position: UInt32, row: MemoryRow)] {
    contents.withLock { contents in
      (contents.byDataset[dataset] ?? []).map { ($0, contents.rows[Int($0)]) }
    }.filter { $0.1.system.commit <= commit }
  }

  /// How many rows a dataset has as of a commit.
  package func rowCount(of dataset: DatasetID, asOf commit: UInt64) -> Int {
    contents.withLock { contents in
      // Rows stand in commit order.
      contents.byDataset[dataset]?.partitioningIndex { contents.rows[Int($0)].system.commit > commit } ?? 0
    }
  }

  /// The row at a position, or `nil`.
  package func row(_ position: UInt32) -> MemoryRow? {
    contents.withLock { Int(position) < $0.rows.count ? $0.rows[Int(position)] : nil }
  }

  /// All rows in commit order.
  package var all: [MemoryRow] { contents.withLock { $0.rows } }

  /// Datasets with rows as of a commit.
  package func datasets(asOf commit: UInt64) -> [DatasetID] {
    contents.withLock { contents in
      contents.byDataset.compactMap { dataset, rows in
        // Rows stand in commit order: the first decides.
        rows.first.map { contents.rows[Int($0)].system.commit <= commit } == true ? dataset : nil
      }
    }
  }

  /// Keys with rows as of a commit.
  package func keys(asOf commit: UInt64) -> [UInt128] {
    contents.withLock { contents in
      contents.byKey.compactMap { key, rows in
        rows.first.map { contents.rows[Int($0)].system.commit <= commit } == true ? key : nil
      }
    }
  }
}
