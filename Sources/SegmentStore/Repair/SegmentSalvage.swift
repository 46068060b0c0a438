// Owns reading what can be read of a damaged segment into a new one.
// Invariants: a row is taken whole or not at all, with its own commit, batch, version and state, and with the commit that superseded it; rows keep
// their order; every row that is not taken is counted.
// Does not change the damaged segment.

/// Takes the readable rows out of a damaged segment.
package struct SegmentSalvage {
  /// Rows written together.
  private static let partitionRows = 16_384

  /// A segment with what could be read.
  package struct Outcome {
    /// `nil` when nothing could be read.
    package var segment: FinishedSegment?
    package var rows = 0
    /// Superseded rows of the new segment.
    package var marks: [(position: UInt32, commit: UInt64)] = []
    package var firstCommit = UInt64.max
    package var lastCommit: UInt64 = 0
    package var losses: [RepairReport.Loss] = []
  }

  private let view: SegmentView
  private let keyText: KeyText
  private let makeWriter: () throws(StoreError) -> SegmentWriter
  private var writer: SegmentWriter?
  private var outcome = Outcome()

  package init(
    _ view: SegmentView, keyText: @escaping KeyText,
    makeWriter: @escaping () throws(StoreError) -> SegmentWriter
  ) {
    self.view = view
    self.keyText = keyText
    self.makeWriter = makeWriter
  }

  package mutating func run() throws(StoreError) -> Outcome {
    let footer = view.reader.footer
    guard let chunks = try? view.reader.datasetChunks() else {
      lose(Int(footer.rowCount), of: nil, batches: [])
      return outcome
    }
    let runs = readableRuns()
    for chunk in chunks { try take(chunk, runs[chunk.dataset] ?? []) }
    if let writer { outcome.segment = try writer.finish() }
    return outcome
  }

  private mutating func lose(_ rows: Int, of dataset: DatasetID?, batches: Set<UInt64>) {
    guard rows > 0 else { return }
    outcome.losses.append(
      RepairReport.Loss(
        file: view.reader.id.fileName, dataset: dataset?.rawValue, rows: rows, batches: batches.sorted(),
        firstCommit: view.addedCommit, lastCommit: view.lastCommit))
  }

  // MARK: Subjects

  private struct KeyedRun {
    var key: UInt128
    var run: RowRun
  }

  /// The runs of all leaves that can be read, by dataset, in the order of keys.
  private func readableRuns() -> [DatasetID: [KeyedRun]] {
    var runs: [DatasetID: [KeyedRun]] = [:]
    func add(_ leaf: SubjectLeaf) {
      for subject in 0..<leaf.subjectCount {
        for run in leaf.runs(subject) {
          runs[run.dataset, default: []].append(KeyedRun(key: leaf.key(subject), run: run))
        }
      }
    }
    if let tree = try? view.reader.subjectTree() {
      for fence in tree.fences { if let leaf = try? view.reader.leaf(fence) { add(leaf) } }
    } else {
      // Leaves stand in the file in the order of their keys: they can be found without their parent.
      var fences: [SubjectFence] = []
      view.reader.walkLeaves { location, leaf in
        add(leaf)
        fences.append(
          SubjectFence(firstKey: leaf.key(0), subjects: UInt32(leaf.subjectCount), location: location))
      }
      view.reader.adoptFences(fences)
    }
    return runs
  }

  // MARK: Rows

  private struct TakenRow {
    var key: UInt128
    var system: RowSystemValues
    var superseded: UInt64
    var payload: [UInt8]
  }

  private mutating func take(_ chunk: DatasetChunk, _ runs: [KeyedRun]) throws(StoreError) {
    guard let schema = try? Self.schema(of: chunk, view),
      var assembler = (try? RowAssembler(view, schema: schema)) ?? nil
    else { return lose(Int(chunk.rowCount), of: chunk.dataset, batches: []) }
    var pending: [TakenRow] = []
    var taken = 0
    var lostBatches: Set<UInt64> = []
    var isBegun = false
    // A bundle is small and whole or not there: its rows are written as such again.
    for keyed in runs {
      for position in keyed.run.first..<keyed.run.first &+ keyed.run.count {
        if let row = read(position, keyed.key, &assembler) {
          pending.append(row)
          taken += 1
        } else if let batch = try? assembler.systemValues(assembler.row(at: position)).batch {
          lostBatches.insert(batch)
        }
        guard pending.count == Self.partitionRows else { continue }
        try write(pending, schema, &isBegun)
        pending = []
      }
    }
    if !pending.isEmpty { try write(pending, schema, &isBegun) }
    lose(Int(chunk.rowCount) - taken, of: chunk.dataset, batches: lostBatches)
  }

  private static func schema(of chunk: DatasetChunk, _ view: SegmentView) throws(StoreError) -> DatasetSchema
  {
    let source = try MergeSource(view, dataset: chunk.dataset, asOf: .max, dropped: .none)
    guard let source else { throw StoreError(.damaged, "a dataset is not there") }
    return source.schema
  }

  private func read(_ position: UInt32, _ key: UInt128, _ assembler: inout RowAssembler) -> TakenRow? {
    do throws(StoreError) {
      let (system, payload) = try assembler.row(position, key: key)
      let superseded = try assembler.superseded(position, asOf: .max) ?? 0
      return TakenRow(key: key, system: system, superseded: superseded, payload: payload)
    } catch {
      return nil
    }
  }

  private mutating func write(
    _ rows: [TakenRow], _ schema: DatasetSchema, _ isBegun: inout Bool
  ) throws(StoreError) {
    let writer: SegmentWriter
    if let known = self.writer { writer = known } else { writer = try makeWriter() }
    self.writer = writer
    for (place, row) in rows.enumerated() {
      if row.superseded > 0 { outcome.marks.append((UInt32(outcome.rows + place), row.superseded)) }
      outcome.firstCommit = min(outcome.firstCommit, row.system.commit)
      outcome.lastCommit = max(outcome.lastCommit, row.system.commit)
    }
    outcome.rows += rows.count
    let bytes = rows.reduce(0) { $0 + $1.payload.count }
    if !isBegun, rows.count < Self.partitionRows, SmallChunk.isSmall(rows: rows.count, bytes: bytes) {
      let small = rows.map { SmallRow(key: $0.key, system: $0.system, payload: $0.payload) }
      return try writer.append(small: small, of: schema, keyText: keyText)
    }
    if !isBegun { try writer.begin(schema) }
    isBegun = true
    let encoder = PartitionEncoder(schema: schema, keyText: keyText)
    let memory = ByteArena(capacity: bytes + 64)
    var offsets: [Int] = []
    for row in rows {
      offsets.append(memory.count)
      row.payload.withUnsafeBytes { memory.append($0) }
    }
    for (place, row) in rows.enumerated() {
      let payload = UnsafeRawBufferPointer(start: memory.base + offsets[place], count: row.payload.count)
      try encoder.append(RowReference(key: row.key, system: row.system, payload: payload))
    }
    try writer.append(encoder.finish())
    withExtendedLifetime(memory) {}
  }
}

extension BlockReader {
  /// Visits the blocks of one kind in the order in which they stand in the file, without asking any directory.
  ///
  /// What does not fit its checksum is passed over as far as its length can be believed.
  package func walk(_ kind: BlockKind, _ body: (BlockLocation, BlockBytes) -> Void) {
    var offset = Int64(SegmentFormat.headerSize)
    while fileLength - offset >= Int64(BlockHeader.size) {
      guard let header = try? file.read(count: BlockHeader.size, at: offset),
        let (length, checksum) = BlockHeader.lengthAndChecksum(header)
      else { return }
      let location = BlockLocation(offset: offset, length: length, checksum: checksum)
      if let raw = try? read(location, kind: kind).raw { body(location, raw) }
      offset += Int64(length)
    }
  }
}

extension SegmentReader {
  /// Visits the leaves of the subject directory without asking it.
  package func walkLeaves(_ body: (BlockLocation, SubjectLeaf) -> Void) {
    blocks.walk(.subjectLeaf) { location, raw in
      let leaf = try? SubjectLeaf(
        raw, rowLimit: footer.rowCount, file: blocks.name, offset: location.offset)
      if let leaf { body(location, leaf) }
    }
  }

  /// A segment whose end is damaged, by the footer that is found in it; `nil` when there is none, or the file is one of another store.
  package static func salvaging(
    _ id: SegmentID, of store: StoreIdentifier, file: any StoreFile, context: ReadingContext
  ) throws(StoreError) -> SegmentReader? {
    let header = try file.read(count: SegmentFormat.headerSize, at: 0)
    guard SegmentHeader.names(store, in: header) else { return nil }
    let blocks = BlockReader(
      file: file, name: id.fileName, segment: id.rawValue, fileLength: try file.size(),
      counters: context.counters)
    var footer: SegmentFooter?
    blocks.walk(.footer) { location, raw in
      footer = (try? SegmentFooter(Array(raw.buffer), file: blocks.name, offset: location.offset)) ?? footer
    }
    return footer.map { SegmentReader(salvaging: id, footer: $0, blocks: blocks, context: context) }
  }
}
