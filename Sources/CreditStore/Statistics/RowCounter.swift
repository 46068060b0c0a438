// Owns counting rows and subjects without reading their values.
// Invariants: exact as of the snapshot; blocks that hold one state only are counted from their directory.

package import SegmentStore

/// Counts the rows of a dataset.
package struct RowCounter {
  private let snapshot: EngineSnapshot

  package init(_ snapshot: EngineSnapshot) { self.snapshot = snapshot }

  /// All versions, and the current ones that are not withdrawn.
  package func count(_ dataset: DatasetID) throws -> (versions: Int, current: Int) {
    var versions = 0
    var current = 0
    for segment in snapshot.segments {
      guard let chunk = try segment.reader.chunk(of: dataset) else { continue }
      if segment.lastCommit > snapshot.commit || segment.historyEnd > snapshot.commit {
        let scanned = try scan(dataset)
        return scanned
      }
      versions += Int(chunk.rowCount)
      guard !segment.isHistory else { continue }
      current += Int(chunk.rowCount) - (try withdrawn(segment, chunk))
      current -=
        segment.marks.positions(
          asOf: snapshot.commit, in: chunk.firstRow..<chunk.firstRow + chunk.rowCount
        ).count
    }
    for (position, row) in snapshot.view.memory.rows(of: dataset, asOf: snapshot.commit) {
      versions += 1
      let isSuperseded = snapshot.view.memory.marks.superseded(position, asOf: snapshot.commit) != nil
      if !isSuperseded, row.system.state != RecordState.withdrawn.rawValue { current += 1 }
    }
    return (versions, current)
  }

  /// Rows of a chunk that are withdrawn and not superseded.
  private func withdrawn(_ segment: SegmentView, _ chunk: DatasetChunk) throws -> Int {
    let state = Int64(RecordState.withdrawn.rawValue)
    guard try segment.reader.stateBounds(of: chunk).contains(state) else { return 0 }
    let columns = try segment.reader.columns(of: chunk)
    guard let column = columns.column(SystemColumn.state.rawValue) else { return 0 }
    var count = 0
    for entry in column.blocks where entry.minimum <= state && entry.maximum >= state {
      let block = try segment.reader.block(entry, of: column)
      for row in 0..<block.rowCount where block.integer(row) == state {
        let position = chunk.firstRow + entry.firstRow + UInt32(row)
        if segment.marks.superseded(position, asOf: snapshot.commit) == nil { count += 1 }
      }
    }
    return count
  }

  /// Counts row by row, for snapshots in the middle of a checkpoint's segment.
  private func scan(_ dataset: DatasetID) throws -> (versions: Int, current: Int) {
    let schema = DatasetSchema(dataset: dataset, version: 1, columns: [])
    var versions = 0
    var current = 0
    try DatasetScan(snapshot, schema: schema, includesSuperseded: true).forEach { _ in versions += 1 }
    try DatasetScan(snapshot, schema: schema).forEach { row in
      if try row.system(.state) != Int64(RecordState.withdrawn.rawValue) { current += 1 }
    }
    return (versions, current)
  }
}

/// Counts distinct subjects by merging the directories of all segments; those of which nothing is left but withdrawn records are none.
package struct SubjectCounter {
  private let snapshot: EngineSnapshot

  package init(_ snapshot: EngineSnapshot) { self.snapshot = snapshot }

  /// Keys under which everything is withdrawn: what a correction moved to another subject, for one.
  package func keysOfWithdrawnAlone() throws -> Set<UInt128> {
    let withdrawn = Int64(RecordState.withdrawn.rawValue)
    var keys: Set<UInt128> = []
    for dataset in try snapshot.allDatasets() where dataset.rawValue >= SystemDatasets.firstEntry {
      let schema = DatasetSchema(dataset: dataset, version: 1, columns: [])
      try DatasetScan(snapshot, schema: schema).forEach(
        narrow: { (segment, chunk) throws(StoreError) in
          try segment.reader.stateBounds(of: chunk).contains(withdrawn) ? nil : []
        },
        where: { $0.bounds(SystemColumn.state)?.contains(withdrawn) ?? true },
        { row in if try row.system(.state) == withdrawn { keys.insert(try row.key) } })
    }
    let asked = keys.sorted()
    try KeyCounts(snapshot, without: RecordState.withdrawn.rawValue).forEach(asked) { place, _, _ in
      keys.remove(asked[place])
    }
    return keys
  }

  /// Keys with records that satisfy a predicate.
  ///
  /// - Parameter gone: those that count nothing; `nil` = they are looked for.
  package func count(without gone: Set<UInt128>? = nil, where isWanted: (UInt128) -> Bool) throws -> Int {
    let gone = try gone ?? keysOfWithdrawnAlone()
    let segments = snapshot.segments
    var walks = try segments.map { try KeyWalk($0.reader) }
    // A segment that a merge wrote may hold subjects that came later than the snapshot.
    let isSure = segments.map { $0.lastCommit <= snapshot.commit }
    var doubtful: [UInt128] = []
    let memory = snapshot.view.memory.keys(asOf: snapshot.commit).sorted()
    var memoryIndex = 0
    // A heap of the walks by their present key.
    var heap = walks.indices.filter { walks[$0].key != nil }
    func isLess(_ left: Int, _ right: Int) -> Bool { (walks[left].key ?? .max) < (walks[right].key ?? .max) }
    func sink(_ start: Int) {
      var place = start
      while true {
        var smallest = place
        for child in [2 * place + 1, 2 * place + 2]
        where child < heap.count && isLess(heap[child], heap[smallest]) {
          smallest = child
        }
        guard smallest != place else { return }
        heap.swapAt(place, smallest)
        place = smallest
      }
    }
    for place in heap.indices.reversed() { sink(place) }
    var total = 0
    var last: (key: UInt128, isSure: Bool)?
    func take(_ key: UInt128, isSure: Bool) {
      guard isSure else { return doubtful.append(key) }
      if !gone.contains(key), isWanted(key) { total += 1 }
    }
    while true {
      let fromSegments = heap.first.flatMap { walks[$0].key }
      let fromMemory = memoryIndex < memory.count ? memory[memoryIndex] : nil
      guard let key = [fromSegments, fromMemory].compactMap(\.self).min() else { break }
      if let seen = last, seen.key != key {
        take(seen.key, isSure: seen.isSure)
        last = nil
      }
      let known = last?.isSure ?? false
      last = (key, known || key == fromMemory)
      if key == fromMemory { memoryIndex += 1 }
      if key == fromSegments, let top = heap.first {
        last = (key, known || key == fromMemory || isSure[top])
        try walks[top].advance()
        if walks[top].key == nil {
          heap.swapAt(0, heap.count - 1)
          heap.removeLast()
        }
        sink(0)
      }
    }
    if let last { take(last.key, isSure: last.isSure) }
    for key in try seen(doubtful, in: segments.filter { $0.lastCommit > snapshot.commit }) {
      take(key, isSure: true)
    }
    return total
  }

  /// Those of some keys, ascending, that have a row the snapshot sees.
  private func seen(_ keys: [UInt128], in segments: [SegmentView]) throws -> Set<UInt128> {
    var found: Set<UInt128> = []
    guard !keys.isEmpty else { return found }
    for segment in segments {
      var cursor = try SubjectCursor(segment.reader)
      var readers: [DatasetID: RowAssembler] = [:]
      for key in keys {
        for run in try cursor.runs(of: key) where !found.contains(key) {
          let schema = DatasetSchema(dataset: run.dataset, version: 1, columns: [])
          guard
            var reader = try readers.removeValue(forKey: run.dataset) ?? RowAssembler(segment, schema: schema)
          else { continue }
          for position in run.first..<run.first + run.count where !found.contains(key) {
            if try reader.commit(position) <= snapshot.commit { found.insert(key) }
          }
          readers[run.dataset] = reader
        }
      }
    }
    return found
  }

  /// Walks the keys of one segment.
  private struct KeyWalk {
    private let reader: SegmentReader
    private let tree: SubjectTree
    private var leafIndex = -1
    private var leaf: SubjectLeaf?
    private var position = 0
    private(set) var key: UInt128?

    init(_ reader: SegmentReader) throws {
      self.reader = reader
      tree = try reader.subjectTree()
      try advance()
    }

    mutating func advance() throws {
      position += 1
      if let leaf, position < leaf.subjectCount {
        key = leaf.key(position)
        return
      }
      leafIndex += 1
      guard leafIndex < tree.fences.count else {
        key = nil
        return
      }
      let next = try reader.leaf(tree.fences[leafIndex])
      leaf = next
      position = 0
      key = next.key(0)
    }
  }
}
