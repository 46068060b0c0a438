// Owns walking all rows of a dataset as a snapshot sees them, one row after the other.
// Invariants: those of VectorScan, which finds the rows; segments in the order they were added, rows in segment order, then the rows in
// memory. Marked kernel: a row points to the vector of its scan and is not kept.
// Is for small datasets and for tools: questions over many rows read vectors.

/// One row of a scan. Values are read on demand and stay valid until the next row.
package struct ScanRow: ~Copyable {
  fileprivate let vector: UnsafeMutablePointer<RowVector>
  fileprivate let place: Int

  /// Subject key of the row.
  package var key: UInt128 { get throws(StoreError) { try vector.pointee.key(place) } }
  /// Address of the row.
  package var address: RowAddress { vector.pointee.address(place) }

  /// The integer of a column of the scan, or `nil`.
  package func integer(_ column: Int) throws(StoreError) -> Int64? {
    let integers = try vector.pointee.integers(column)
    return integers.nulls[place] == 0 ? integers.values[place] : nil
  }

  /// The bytes of a text column of the scan, or `nil`.
  package func text(_ column: Int) throws(StoreError) -> [UInt8]? {
    try vector.pointee.withText(column, place) { $0.map(Array.init) }
  }

  /// A system value of the row.
  package func system(_ column: SystemColumn) throws(StoreError) -> Int64 {
    try vector.pointee.system(column)[place]
  }
}

/// Walks the rows of a dataset.
package struct DatasetScan {
  private let scan: VectorScan

  /// A scan over the columns of `schema`, which may be fewer than the dataset has.
  package init(_ snapshot: EngineSnapshot, schema: DatasetSchema, includesSuperseded: Bool = false) {
    scan = VectorScan(snapshot, schema: schema, includesSuperseded: includesSuperseded)
  }

  /// Visits every visible row.
  package func forEach(_ body: (borrowing ScanRow) throws -> Void) throws {
    try forEach(narrow: { (_, _) throws(StoreError) in nil }, where: { _ in true }, body)
  }

  /// Visits the visible rows of some vectors.
  ///
  /// - Parameters:
  ///   - narrow: the rows of a segment that are of interest, ascending; `nil` = all.
  ///   - isOfInterest: asked of each vector before its rows are visited.
  package func forEach(
    narrow: (SegmentView, DatasetChunk) throws(StoreError) -> [Range<Int>]?,
    where isOfInterest: (borrowing RowVector) -> Bool, _ body: (borrowing ScanRow) throws -> Void
  ) throws {
    var vector = RowVector()
    for part in try scan.parts(narrow: narrow) {
      try scan.forEachVector(of: part, in: &vector) { vector in
        guard isOfInterest(vector) else { return true }
        let rows = vector.selection
        let places = Array(UnsafeBufferPointer(start: rows.places, count: rows.count))
        try withUnsafeMutablePointer(to: &vector) { pointer in
          for place in places { try body(ScanRow(vector: pointer, place: Int(place))) }
        }
        return true
      }
    }
  }
}

extension Array {
  /// Index of the first element for which a monotonic predicate holds.
  @inlinable
  package func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
