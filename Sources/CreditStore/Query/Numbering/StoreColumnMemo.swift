// Owns the values of the store's own columns: the entry, the unit, the state, and what a subject's key tells.
// Invariants: a value is worked out once for each batch, state or subject that rows name, not once a row.
// Does not hold values: they are texts of the numbering that asks.

import CreditModel
import SegmentStore

/// Finds the numbers of the store's own columns for rows.
struct StoreColumnMemo {
  private let column: QueryColumn
  /// By batch, state or the leading bits of a key.
  private var known: [UInt64: UInt32] = [:]
  private var entry: (dataset: DatasetID, number: UInt32)?

  init(_ column: QueryColumn) { self.column = column }

  /// Writes the numbers of the selected rows, 0 for rows without a value.
  mutating func numbers(
    of vector: inout RowVector, _ context: QueryContext, _ texts: KeyedTexts,
    to target: UnsafeMutablePointer<UInt32>
  ) throws {
    switch column {
    case .entry:
      if entry?.dataset != context.entry.dataset {
        entry = (context.entry.dataset, texts.number(of: context.entry.entry.code) + 1)
      }
      let number = entry?.number ?? 0
      vector.selection.visit { target[$0] = number }
    case .unit:
      let batches = try vector.system(.batch)
      try fill(vector.selection, target, { UInt64(bitPattern: batches[$0]) }) { batch in
        try Batches.unit(ofBatch: batch, in: context.snapshot).map { texts.number(of: $0) + 1 } ?? 0
      }
    case .state:
      let states = try vector.system(.state)
      try fill(vector.selection, target, { UInt64(bitPattern: states[$0]) }) { state in
        RecordState(rawValue: UInt8(clamping: state)).map { texts.number(of: $0.name) + 1 } ?? 0
      }
    case .subjectKind: try fillKeys(&vector, target) { texts.number(of: SubjectKind($0).rawValue) + 1 }
    case .division:
      try fillKeys(&vector, target) { key in
        guard let division = key.division else { return 0 }
        let text = String(division)
        return texts.number(of: String(repeating: "0", count: max(0, 6 - text.utf8.count)) + text) + 1
      }
    case .item, .batch, .received: break
    }
  }

  private mutating func fill(
    _ rows: RowSelection, _ target: UnsafeMutablePointer<UInt32>, _ name: (Int) -> UInt64,
    _ find: (UInt64) throws -> UInt32
  ) throws {
    var last: (name: UInt64, number: UInt32)?
    try rows.visit { place in
      let name = name(place)
      if last?.name != name {
        let number = try known[name] ?? find(name)
        known[name] = number
        last = (name, number)
      }
      target[place] = last?.number ?? 0
    }
  }

  private mutating func fillKeys(
    _ vector: inout RowVector, _ target: UnsafeMutablePointer<UInt32>, _ find: (SubjectKey) -> UInt32
  ) throws {
    var last: (key: UInt128, number: UInt32)?
    let keys = try vector.keys()
    vector.selection.visit { place in
      let raw = keys[place]
      if last?.key != raw {
        let key = SubjectKey(rawValue: raw)
        let number: UInt32
        switch key.family {
        case .unifiedSocialCreditCode, .citizenIdentityNumber:
          // Kind and division stand in the first eight characters: 4 bits of family and 48 of these.
          let head = UInt64(truncatingIfNeeded: raw >> 76)
          number = known[head] ?? find(key)
          known[head] = number
        default: number = find(key)
        }
        last = (raw, number)
      }
      target[place] = last?.number ?? 0
    }
  }
}
