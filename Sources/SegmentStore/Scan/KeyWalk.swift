// Owns walking the subject keys of a dataset's rows in the order of the rows.
// Invariants: rows asked for ascend; the runs of a dataset join, or it is damage; a leaf is read once where rows are walked in order.
// Does not read values.

/// Gives the key of each row of a dataset in one segment.
struct KeyWalk {
  private let segment: SegmentReader
  private let tree: SubjectTree
  private let chunk: DatasetChunk
  private var leafIndex: Int
  private var leaf: SubjectLeaf?
  /// The same leaf, without counting references for every run; `leaf` keeps it alive.
  private var current: Unmanaged<SubjectLeaf>?
  private var subject = 0
  /// Places of the runs of the present subject that are still to come.
  private var runs = 0..<0
  private var key: UInt128 = 0
  /// Rows of the present run, within the dataset.
  private var rows = 0..<0

  /// A walk that begins at the start of the dataset, or not far before a row.
  init(_ segment: SegmentReader, _ chunk: DatasetChunk, near row: Int) throws(StoreError) {
    self.segment = segment
    self.chunk = chunk
    tree = try segment.subjectTree()
    leafIndex = -1
    if row > 0 { leafIndex = try Self.leaf(before: row, segment, chunk, tree) - 1 }
  }

  /// The last leaf whose first row of the dataset is not behind a row.
  ///
  /// A dataset with many rows has some in nearly every leaf; leaves without any are passed over, each once at most for each step.
  private static func leaf(
    before row: Int, _ segment: SegmentReader, _ chunk: DatasetChunk, _ tree: SubjectTree
  ) throws(StoreError) -> Int {
    var (low, high) = (0, tree.fences.count)
    // Rows before `low` and `high`, about: leaves have nearly as many rows each, so that the place of a row tells its leaf.
    var (lowRow, highRow) = (0, Int(chunk.rowCount))
    var guesses = 4
    while high - low > 1 {
      var middle = (low + high) / 2
      if guesses > 0, highRow > lowRow {
        guesses -= 1
        let share = Double(row - lowRow) / Double(highRow - lowRow)
        middle = min(max(low + Int(Double(high - low) * share), low + 1), high - 1)
      }
      var candidate = middle
      var first: Int?
      while candidate < high, first == nil {
        first = try firstRow(segment.leaf(tree.fences[candidate]), chunk)
        if first == nil { candidate += 1 }
      }
      guard let first else {
        // There is no row of the dataset from here to `high`.
        high = middle
        guesses = 0
        continue
      }
      if first <= row { (low, lowRow) = (candidate, first) } else { (high, highRow) = (middle, first) }
    }
    return low
  }

  private static func firstRow(_ leaf: SubjectLeaf, _ chunk: DatasetChunk) -> Int? {
    for subject in 0..<leaf.subjectCount {
      for run in leaf.runs(subject) where run.dataset == chunk.dataset {
        return Int(run.first) - Int(chunk.firstRow)
      }
    }
    return nil
  }

  /// Whether a row lies so far ahead that looking for it anew costs less than walking there.
  func isFar(_ row: Int) -> Bool { row - rows.upperBound > 1 << 16 }

  /// Writes the keys of consecutive rows, once for all neighbours that share one, and at which row each begins, counted from the first.
  ///
  /// - Returns: how many keys were written.
  mutating func keyRuns(
    _ wanted: Range<Int>, to keys: UnsafeMutablePointer<UInt128>, starts: UnsafeMutablePointer<UInt16>
  ) throws(StoreError) -> Int {
    var row = wanted.lowerBound
    var count = 0
    while row < wanted.upperBound {
      while rows.upperBound <= row { try nextRun() }
      guard rows.lowerBound <= row else {
        throw damage("the rows of a dataset are not those of its subjects")
      }
      if count == 0 || keys[count - 1] != key {
        keys[count] = key
        starts[count] = UInt16(truncatingIfNeeded: row - wanted.lowerBound)
        count += 1
      }
      row = min(rows.upperBound, wanted.upperBound)
    }
    return count
  }

  private mutating func nextRun() throws(StoreError) {
    while true {
      if let current {
        while !runs.isEmpty {
          let place = runs.lowerBound
          let run = current._withUnsafeGuaranteedRef { $0.run(at: place) }
          runs = runs.lowerBound + 1..<runs.upperBound
          guard run.dataset == chunk.dataset else { continue }
          guard let found = chunk.rows(of: run) else { throw damage("a run lies outside its dataset") }
          rows = found
          return
        }
        let next = subject
        let found = current._withUnsafeGuaranteedRef { leaf in
          next < leaf.subjectCount ? (leaf.key(next), leaf.runPlaces(next)) : nil
        }
        if let found {
          (key, runs) = found
          subject += 1
          continue
        }
      }
      leafIndex += 1
      guard leafIndex < tree.fences.count else {
        throw damage("the rows of a dataset are not those of its subjects")
      }
      let loaded = try segment.leaf(tree.fences[leafIndex])
      leaf = loaded
      current = Unmanaged.passUnretained(loaded)
      subject = 0
    }
  }

  private func damage(_ message: String) -> StoreError {
    .damaged(message, file: segment.id.fileName, offset: segment.footer.subjectFences.offset)
  }
}

extension SegmentReader {
  /// The subject key of the row at a position of the segment, and the dataset it belongs to.
  package func subject(at position: UInt32) throws(StoreError) -> (key: UInt128, dataset: DatasetID) {
    guard let chunk = try chunk(withRow: position) else {
      throw StoreError.damaged("a row lies outside all datasets", file: id.fileName, offset: fileLength)
    }
    let row = Int(position - chunk.firstRow)
    var walk = try KeyWalk(self, chunk, near: row)
    var (key, start): (UInt128, UInt16) = (0, 0)
    _ = try withUnsafeMutablePointer(to: &key) { (key) throws(StoreError) in
      try withUnsafeMutablePointer(to: &start) { (start) throws(StoreError) in
        try walk.keyRuns(row..<row + 1, to: key, starts: start)
      }
    }
    return (key, chunk.dataset)
  }
}
