// Owns turning stored rows into records.
// Invariants: values stand in the order of the items; records of a subject are ordered by event date, then by commit.
// Does not decide who may see them.

package import CreditModel
package import SegmentStore

/// Turns stored rows into records.
package struct RecordReader {
  package let entry: PublishedEntry

  package init(_ entry: PublishedEntry) { self.entry = entry }

  /// The values of a payload in the order of the items.
  package func values(_ payload: [UInt8]) throws(StoreError) -> [Value?] {
    var values = [Value?](repeating: nil, count: entry.storedForms.count)
    let isWhole = payload.withUnsafeBytes { bytes in
      RowPayload.walk(bytes, entry.schema) { index, view in
        switch view {
        case .null: break
        case .integer(let number): values[index] = entry.storedForms[index].value(number)
        case .text(let text): values[index] = .text(String(decoding: text, as: UTF8.self))
        }
      }
    }
    guard isWhole else { throw StoreError(.damaged, "a row does not fit its entry") }
    return values
  }

  package func record(_ row: StoredRow, subject: Identifier) throws(StoreError) -> CreditRecord {
    try record(
      row.system, superseded: row.superseded, subject: subject, values: try recordValues(row.payload))
  }

  private func recordValues(_ payload: [UInt8]) throws(StoreError) -> RecordValues {
    let width = entry.storedForms.count
    var cells = RecordCells.Builder(rows: 1, width: width)
    let isWhole = payload.withUnsafeBytes { bytes in
      RowPayload.walk(bytes, entry.schema) { index, view in
        switch view {
        case .null: break
        case .integer(let number): cells[0, index] = .number(number)
        case .text(let text): cells[0, index] = cells.text(text)
        }
      }
    }
    guard isWhole else { throw StoreError(.damaged, "a row does not fit its entry") }
    return RecordValues(RecordCells(cells, forms: entry.storedForms), first: 0, count: width)
  }

  private func record(
    _ system: RowSystemValues, superseded: UInt64?, subject: Identifier, values: RecordValues
  ) throws(StoreError) -> CreditRecord {
    guard let state = RecordState(rawValue: system.state) else {
      throw StoreError(.damaged, "a row has an unknown state")
    }
    return CreditRecord(
      entry: entry, subject: subject, version: Int(system.version), state: state, batch: system.batch,
      commit: system.commit, until: superseded, values: values)
  }

  /// Appends the records of a subject that no later version superseded, straight from their columns.
  ///
  /// - Parameter places: where the rows of the subject lie, those of this entry at least, without history.
  package func appendCurrentRecords(
    _ places: KeyPlaces, subject: Identifier, in snapshot: EngineSnapshot, includesWithdrawn: Bool,
    to records: inout [CreditRecord]
  ) throws(StoreError) {
    let first = records.count
    // What records are ordered by: nearly always they are in order, since one segment has them all.
    var orders: [(event: Int64, commit: UInt64)] = []
    func append(_ system: RowSystemValues, _ values: RecordValues) throws(StoreError) {
      records.append(try record(system, superseded: nil, subject: subject, values: values))
      orders.append((entry.schema.orderColumn.flatMap(values.storedNumber) ?? .min, system.commit))
    }
    func isWanted(_ system: RowSystemValues) -> Bool {
      includesWithdrawn || system.state != RecordState.withdrawn.rawValue
    }
    try snapshot.visitCurrentRows(places, schema: entry.schema) {
      (rows, systems, reader) throws(StoreError) in
      let wanted = systems.indices.filter { isWanted(systems[$0]) }
      let values = try values(wanted.map { rows[$0] }, of: places.key, &reader)
      let width = entry.storedForms.count
      records.reserveCapacity(records.count + wanted.count)
      for (place, index) in wanted.enumerated() {
        try append(systems[index], RecordValues(values, first: place * width, count: width))
      }
    } memory: { (row) throws(StoreError) in
      if isWanted(row.system) { try append(row.system, try recordValues(row.payload)) }
    }
    guard zip(orders, orders.dropFirst()).contains(where: { $0 > $1 }) else { return }
    let own = records[first...].enumerated().sorted {
      let (left, right) = (orders[$0.offset], orders[$1.offset])
      return left != right ? left < right : $0.offset < $1.offset
    }
    records.replaceSubrange(first..., with: own.map(\.element))
  }

  /// The values of rows of a key, one row behind the other, read column by column.
  private func values(
    _ rows: [Int], of key: UInt128, _ reader: inout RunReader
  ) throws(StoreError) -> RecordCells {
    let width = entry.storedForms.count
    var cells = RecordCells.Builder(rows: rows.count, width: width)
    var keyText: RecordCells.Cell?
    for column in 0..<width {
      if entry.schema.columns[column].type == .integer {
        try reader.integers(column, rows) { cells[$0, column] = .number($1) }
      } else {
        try reader.texts(column, rows, key: key) { row, text, isKey in
          // The identifier stands in every row: its text is kept once.
          if isKey, let keyText {
            cells[row, column] = keyText
            return
          }
          let cell = cells.text(text)
          if isKey { keyText = cell }
          cells[row, column] = cell
        }
      }
    }
    return RecordCells(cells, forms: entry.storedForms)
  }
}
