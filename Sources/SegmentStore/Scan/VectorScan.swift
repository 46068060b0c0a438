// Owns cutting the rows of a dataset that a snapshot may see into parts, and walking a part vector by vector.
// Invariants: the parts together hold each row once; a vector's selection is exactly the rows that the snapshot sees, superseded ones only
// on demand; parts may be walked by different threads at the same time, each with a vector of its own.
// Does not filter or group.

/// A scan of one dataset.
package struct VectorScan: Sendable {
  /// Some rows of the scan that are walked together.
  package struct Part: Sendable {
    /// `nil` for rows in memory.
    fileprivate var segment: SegmentView?
    fileprivate var chunk: DatasetChunk?
    /// Rows within the dataset of the segment.
    fileprivate var ranges: [Range<Int>]
    /// Superseded positions of the segment, ascending.
    fileprivate var hidden: [UInt32]
    /// Whether it holds only the rows that were of interest.
    package fileprivate(set) var isNarrowed = false

    /// Rows of the part.
    package var rowCount: Int { ranges.reduce(0) { $0 + $1.count } }
  }

  private let snapshot: EngineSnapshot
  private let schema: DatasetSchema
  private let includesSuperseded: Bool
  /// Segments that only have rows of this commit and earlier ones are left out.
  private let after: UInt64

  /// A scan over the columns of `schema`, which may be fewer than the dataset has.
  ///
  /// - Parameter after: rows of this commit and earlier ones are of no interest; where they lie beside others they are visited all the same.
  package init(
    _ snapshot: EngineSnapshot, schema: DatasetSchema, includesSuperseded: Bool = false, after: UInt64 = 0
  ) {
    self.after = after
    self.snapshot = snapshot
    self.schema = schema
    self.includesSuperseded = includesSuperseded
  }

  // MARK: Parts

  /// The parts: those of a segment in the order of its rows, those of older segments first, rows in memory last.
  ///
  /// - Parameters:
  ///   - rows: rows of a part, about; large enough that finding the first costs nothing beside walking them.
  ///   - narrow: the rows of a segment that are of interest, ascending; `nil` = all.
  package func parts(
    rows: Int = 1 << 17,
    narrow: (SegmentView, DatasetChunk) throws(StoreError) -> [Range<Int>]? = { (_, _) throws(StoreError) in
      nil
    }
  ) throws(StoreError) -> [Part] {
    var parts: [Part] = []
    for segment in snapshot.view.segments where segment.lastCommit > after {
      let isSeen =
        includesSuperseded
        ? segment.hasRows(asOf: snapshot.commit) : segment.hasCurrentRows(asOf: snapshot.commit)
      guard isSeen else { continue }
      guard let chunk = try segment.reader.chunk(of: schema.dataset) else { continue }
      let hidden = includesSuperseded ? [] : hidden(segment, chunk)
      if let ranges = try narrow(segment, chunk) {
        if !ranges.isEmpty {
          parts.append(
            Part(segment: segment, chunk: chunk, ranges: ranges, hidden: hidden, isNarrowed: true))
        }
        continue
      }
      let total = Int(chunk.rowCount)
      // Parts of several vectors begin where vectors do, so that a vector's rows lie in one block of each column where they can.
      let step = rows < RowVector.capacity ? max(1, rows) : rows / RowVector.capacity * RowVector.capacity
      for first in stride(from: 0, to: total, by: step) {
        parts.append(
          Part(segment: segment, chunk: chunk, ranges: [first..<min(total, first + step)], hidden: hidden))
      }
    }
    let inMemory = snapshot.view.memory.rowCount(of: schema.dataset, asOf: snapshot.commit)
    if inMemory > 0 { parts.append(Part(ranges: [0..<inMemory], hidden: [])) }
    return parts
  }

  private func hidden(_ segment: SegmentView, _ chunk: DatasetChunk) -> [UInt32] {
    segment.marks.positions(asOf: snapshot.commit, in: chunk.firstRow..<chunk.firstRow + chunk.rowCount)
  }

  /// The rows of some keys in a segment, ascending.
  ///
  /// - Parameter keys: ascending.
  package static func rows(
    of keys: [UInt128], _ segment: SegmentView, _ chunk: DatasetChunk
  ) throws(StoreError) -> [Range<Int>] {
    var cursor = try SubjectCursor(segment.reader)
    var ranges: [Range<Int>] = []
    for key in keys {
      for run in try cursor.runs(of: key) where run.dataset == chunk.dataset {
        guard let rows = chunk.rows(of: run) else { throw outside(segment) }
        ranges.append(rows)
      }
    }
    return ranges
  }

  /// The rows of a segment from the first of a key on; of the next key, if that has none.
  package static func rows(
    from key: UInt128, _ segment: SegmentView, _ chunk: DatasetChunk
  ) throws(StoreError) -> [Range<Int>] {
    let tree = try segment.reader.subjectTree()
    for index in (tree.leafIndex(of: key) ?? 0)..<tree.fences.count {
      let leaf = try segment.reader.leaf(tree.fences[index])
      for subject in leaf.lowerBound(key)..<leaf.subjectCount {
        for run in leaf.runs(subject) where run.dataset == chunk.dataset {
          guard let rows = chunk.rows(of: run) else { throw outside(segment) }
          return [rows.lowerBound..<Int(chunk.rowCount)]
        }
      }
    }
    return []
  }

  private static func outside(_ segment: SegmentView) -> StoreError {
    .damaged(
      "a run lies outside its dataset", file: segment.reader.id.fileName,
      offset: segment.reader.footer.subjectFences.offset)
  }

  /// Whether a text column of a chunk is that of its rows' keys throughout.
  package static func isKeyText(_ column: ColumnSchema, _ segment: SegmentView, _ chunk: DatasetChunk)
    throws(StoreError) -> Bool
  {
    try segment.reader.columns(of: chunk).isKeyText(column.id) { (block, entry) throws(StoreError) in
      try segment.reader.block(block, of: entry).form
    }
  }

  /// How many rows of a part the snapshot sees and are not in a state; `nil` unless that is known without reading a row.
  package func knownRowCount(of part: Part, without state: Int64) throws(StoreError) -> Int? {
    guard let segment = part.segment, let chunk = part.chunk, !includesSuperseded, !segment.isHistory,
      segment.lastCommit <= snapshot.commit, try !segment.reader.stateBounds(of: chunk).contains(state)
    else { return nil }
    return part.ranges.reduce(0) { count, range in
      let first = chunk.firstRow + UInt32(range.lowerBound)
      let end = chunk.firstRow + UInt32(range.upperBound)
      let hidden =
        part.hidden.partitioningIndex { $0 >= end } - part.hidden.partitioningIndex { $0 >= first }
      return count + range.count - hidden
    }
  }

  // MARK: Walking

  /// Visits the rows of a part, vector by vector; vectors without a row that the snapshot sees are left out.
  ///
  /// - Parameter body: returns whether to go on.
  package func forEachVector(
    of part: Part, in vector: inout RowVector, _ body: (inout RowVector) throws -> Bool
  ) throws {
    guard let segment = part.segment, let chunk = part.chunk else {
      try forEachMemoryVector(in: &vector, body)
      return
    }
    try vector.begin(segment, chunk, schema)
    var nextHidden = 0
    for range in part.ranges {
      for first in stride(from: range.lowerBound, to: range.upperBound, by: RowVector.capacity) {
        let rows = first..<min(range.upperBound, first + RowVector.capacity)
        vector.move(to: rows)
        if !includesSuperseded { hide(part.hidden, chunk, &nextHidden, in: &vector) }
        try select(segment, in: &vector)
        if vector.selectedCount > 0, try !body(&vector) { return }
      }
    }
  }

  /// Takes superseded positions out of the selection.
  private func hide(
    _ hidden: [UInt32], _ chunk: DatasetChunk, _ next: inout Int, in vector: inout RowVector
  ) {
    let first = chunk.firstRow + UInt32(vector.firstRow)
    let end = first + UInt32(vector.count)
    if next < hidden.count, hidden[next] < first { next = hidden.partitioningIndex { $0 >= first } }
    guard next < hidden.count, hidden[next] < end else { return }
    var place = next
    vector.keep { index in
      guard place < hidden.count, hidden[place] == first + UInt32(index) else { return true }
      place += 1
      return false
    }
    next = place
  }

  /// Takes rows out of the selection that came after the snapshot, or that it knows to be superseded.
  private func select(_ segment: SegmentView, in vector: inout RowVector) throws(StoreError) {
    let commit = Int64(bitPattern: snapshot.commit)
    if segment.lastCommit > snapshot.commit {
      try vector.keepSystem(.commit, in: .min...commit)
    }
    if segment.isHistory, !includesSuperseded {
      // Here are rows a later commit superseded, and others the snapshot knows to be superseded.
      try vector.keepSystem(.superseded, in: .min...commit, isOutside: true)
    }
  }

  private func forEachMemoryVector(
    in vector: inout RowVector, _ body: (inout RowVector) throws -> Bool
  ) throws {
    let memory = snapshot.view.memory
    var rows: [RowVector.MemoryCells] = []
    for (position, stored) in memory.rows(of: schema.dataset, asOf: snapshot.commit) {
      if !includesSuperseded, memory.marks.superseded(position, asOf: snapshot.commit) != nil { continue }
      let payload = snapshot.stored(position, stored, schema).payload
      guard let cells = payload.withUnsafeBytes({ RowPayload.decode($0, schema) }) else {
        throw StoreError(.damaged, "a row in memory does not fit its schema")
      }
      rows.append(RowVector.MemoryCells(position: position, row: stored, cells: cells))
      guard rows.count == RowVector.capacity else { continue }
      vector.begin(rows, schema)
      guard try body(&vector) else { return }
      rows = []
    }
    guard !rows.isEmpty else { return }
    vector.begin(rows, schema)
    _ = try body(&vector)
  }
}
