// Owns telling what was in commits that are lost with a damaged journal: how many rows, and with which batches they came.
// Invariants: tells of commits behind the last one that is kept alone; reads frames behind the damage and segments that nothing names any more, and takes nothing
// from either: what those rows superseded is lost with the damage.

/// What can still be read of commits that are lost.
struct LostCommits {
  private let folder: StoreFolder
  private let found: DamagedStore
  private let context: ReadingContext

  init(_ folder: StoreFolder, _ found: DamagedStore, _ context: ReadingContext) {
    (self.folder, self.found, self.context) = (folder, found, context)
  }

  /// The rows that are lost, as far as anything still tells of them; `nil` where a backup has all that the journal held.
  func loss() -> RepairReport.Loss? {
    let name = JournalFormat.fileName(found.number)
    var loss = RepairReport.Loss(
      file: name, dataset: nil, rows: nil, batches: [], firstCommit: found.commit + 1,
      lastCommit: found.commit + 1)
    var batches: Set<UInt64> = []
    var last: UInt64 = 0
    forEachCommit(name) { record in
      last = max(last, record.commit)
      if record.commit > found.commit { batches.formUnion(record.rows.map(\.batch)) }
    }
    for segment in unnamedSegments() { batches.formUnion(Self.batches(of: segment)) }
    // A batch has the number of the commit that it came with; what came before is kept.
    loss.batches = batches.filter { $0 > found.commit }.sorted()
    if found.isOfBackup, (1...found.commit).contains(last), loss.batches.isEmpty { return nil }
    loss.lastCommit = max(loss.lastCommit, last)
    if last <= found.commit { loss.lastCommit = max(loss.lastCommit, loss.batches.last ?? 0) }
    return loss
  }

  /// Visits the commits of all frames that are whole.
  private func forEachCommit(_ name: String, _ body: (CommitRecord) -> Void) {
    guard let file = try? folder.files.open(folder.path + "/" + name, writable: false),
      let bytes = try? JournalReader.bytes(of: file, number: found.number),
      let last = bytes.lastIndex(where: { $0 != 0 })
    else { return }
    var offset = JournalFormat.headerSize
    // Each frame names its salt: without the header any will do, since the checksum is of this place and this salt.
    while let next = JournalReader.nextFrame(bytes, from: offset, through: last, salt: nil) {
      if next.frame.kind == .commit {
        let records = try? CommitRecord.commits(
          in: bytes[next.frame.body], file: name, offset: Int64(next.offset))
        records?.forEach(body)
      }
      offset = next.frame.end
    }
  }

  /// Segments of the store in the folder that neither the state nor the readable part of the journal names.
  private func unnamedSegments() -> [SegmentReader] {
    let named = Set(found.entries.map(\.reference.id.rawValue))
    let names = ((try? folder.files.list(folder.path + "/seg")) ?? []).sorted()
    return names.compactMap { name in
      guard let id = UInt64(name.dropLast(4), radix: 16), !named.contains(id),
        let file = try? folder.files.open(folder.path + "/seg/" + name, writable: false)
      else { return nil }
      return
        (try? SegmentReader.salvaging(SegmentID(rawValue: id), of: found.store, file: file, context: context))
        ?? nil
    }
  }

  /// The batches with which the rows of a segment came, as far as they can be read.
  private static func batches(of reader: SegmentReader) -> Set<UInt64> {
    let view = SegmentView(reader: reader, addedCommit: 1, lastCommit: .max)
    var batches: Set<UInt64> = []
    for chunk in (try? reader.datasetChunks()) ?? [] {
      let source = (try? MergeSource(view, dataset: chunk.dataset, asOf: .max, dropped: .none)) ?? nil
      guard let source, var assembler = (try? RowAssembler(view, schema: source.schema)) ?? nil else {
        continue
      }
      for position in chunk.firstRow..<chunk.firstRow &+ chunk.rowCount {
        guard let batch = try? assembler.systemValues(assembler.row(at: position)).batch else { break }
        batches.insert(batch)
      }
    }
    return batches
  }
}
