// Owns the invariants of records that verification checks above the engine.
// Invariants: reads only; names the entry, never the subject.

import CreditModel
package import SegmentStore

/// Checks what must hold between rows.
package struct RecordInvariants {
  private let snapshot: EngineSnapshot
  private let database: CreditDatabase

  package init(_ snapshot: EngineSnapshot, database: CreditDatabase) {
    self.snapshot = snapshot
    self.database = database
  }

  package func faults() throws -> [StoreFault] {
    var faults: [StoreFault] = []
    let known = Set(try database.catalogue.codes(asOf: snapshot).map(\.dataset))
    for dataset in try snapshot.allDatasets() where dataset.rawValue >= SystemDatasets.firstEntry {
      guard known.contains(dataset) else {
        faults.append(
          StoreFault(file: "", offset: 0, what: "dataset \(dataset.rawValue) belongs to no catalogue entry"))
        continue
      }
      var lastCommit: UInt64 = 0
      var badStates = 0
      var badKeys = 0
      try DatasetScan(
        snapshot, schema: DatasetSchema(dataset: dataset, version: 1, columns: []), includesSuperseded: true
      ).forEach { row in
        lastCommit = max(lastCommit, UInt64(bitPattern: try row.system(.commit)))
        if RecordState(rawValue: UInt8(clamping: try row.system(.state))) == nil { badStates += 1 }
        let family = SubjectKey(rawValue: try row.key).family
        if family == nil || family == .system { badKeys += 1 }
      }
      if lastCommit > snapshot.commit {
        faults.append(
          StoreFault(file: "", offset: 0, what: "dataset \(dataset.rawValue) has rows of a future commit"))
      }
      if badStates > 0 {
        faults.append(
          StoreFault(file: "", offset: 0, what: "dataset \(dataset.rawValue): \(badStates) unknown states"))
      }
      if badKeys > 0 {
        faults.append(
          StoreFault(file: "", offset: 0, what: "dataset \(dataset.rawValue): \(badKeys) impossible keys"))
      }
    }
    return faults
  }
}

extension EngineSnapshot {
  /// All datasets with rows, ascending.
  package func allDatasets() throws(StoreError) -> [DatasetID] {
    var datasets = Set(view.memory.datasets(asOf: commit))
    for segment in segments {
      datasets.formUnion(try segment.reader.datasets())
    }
    return datasets.sorted()
  }
}
