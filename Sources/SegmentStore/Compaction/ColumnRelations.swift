// Owns finding integer columns that are better stored as differences from another column: the day a document was received from the day it
// was signed, the batch from the commit.
// Invariants: a column is relative only to an earlier one that is not relative itself; the columns that readers look into block by block
// (version, state) are never relative; decided on a sample, so only sizes depend on it.
// Does not encode.

package enum ColumnRelations {
  /// Consecutive rows looked at in each of so many places.
  private static let pieceRows = 1024
  private static let pieces = 4
  /// Columns tried as the other one.
  private static let candidates = 24
  /// Seconds of a day: timestamps are compared with days.
  private static let factors: [UInt32] = [1, 86_400]
  /// Bits a row that must be saved, at least.
  private static let savedBits = 2

  /// The references of the columns that get one, by id.
  package static func find(
    _ schema: DatasetSchema, sources: [MergeSource], rows: MergedRows
  ) throws(StoreError) -> [UInt32: ColumnReference] {
    guard rows.rows.count >= 256 else { return [:] }
    let ids =
      [SystemColumn.commit.rawValue, SystemColumn.batch.rawValue]
      + schema.columns.filter { $0.type == .integer }.map(\.id)
    let places = sample(rows.rows.count)
    var known: [(id: UInt32, values: [Int64?])] = []
    var found: [UInt32: ColumnReference] = [:]
    for id in ids {
      var column = MergedIntegers(id, sources: sources)
      var values: [Int64?] = []
      for place in places { values.append(try column.value(rows.rows[place])) }
      if let reference = best(values, among: known) {
        found[id] = reference
      } else if known.count < candidates {
        known.append((id, values))
      }
    }
    return found
  }

  /// Rows to look at before a whole column is: some consecutive ones in a few places.
  static func sample(_ count: Int) -> [Int] {
    guard count > pieceRows * pieces else { return Array(0..<count) }
    return (0..<pieces).flatMap { piece in
      let start = (count - pieceRows) * piece / (pieces - 1)
      return start..<start + pieceRows
    }
  }

  private static func best(_ values: [Int64?], among known: [(id: UInt32, values: [Int64?])])
    -> ColumnReference?
  {
    let alone = bits(values)
    var best: (bits: Int, reference: ColumnReference)?
    for other in known {
      for factor in factors {
        let reference = ColumnReference(column: other.id, factor: factor)
        let needed = bits(
          zip(values, other.values).map { pair in pair.0.map { $0 &- reference.contribution(pair.1) } })
        if needed < best?.bits ?? .max { best = (needed, reference) }
      }
    }
    guard let best, best.bits <= alone - alone / 8, best.bits + values.count * savedBits <= alone else {
      return nil
    }
    return best.reference
  }

  /// Bits that values take, piece by piece.
  private static func bits(_ values: [Int64?]) -> Int {
    var bits = 0
    for start in stride(from: 0, to: values.count, by: pieceRows) {
      let piece = values[start..<min(values.count, start + pieceRows)]
      let plain = piece.map { $0 ?? 0 }
      let nulls = piece.map { $0 == nil }
      bits += plain.withUnsafeBufferPointer { plain in
        nulls.withUnsafeBufferPointer { IntegerEncoding.estimatedBits(plain, nulls: $0) }
      }
    }
    return bits
  }
}
