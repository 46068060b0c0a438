// Owns the target for whole segment files: every checksum in them counts as right (XXHash64 under CREDIT_FUZZING), so that all the rest is tried.
// Invariants: a file that opens is verified, read row by row, scanned, searched, merged and salvaged; each may end in an error, none in a trap.

import SegmentStore

enum SegmentTarget {
  /// Rows of a file that is read to its end; a hostile one may claim thousands of millions and mean them: a block of equal values is small.
  private static let readRows: UInt32 = 50_000
  private static let form = SearchForm(version: 1) { text, target in target.append(contentsOf: text) }
  private static let keyText: KeyText = { key, target in
    target.storeBytes(of: UInt64(truncatingIfNeeded: key), as: UInt64.self)
    return 8
  }

  private static func context() -> ReadingContext {
    ReadingContext(cache: BlockCache(budget: 1 << 20), keyText: keyText, searchForm: form)
  }

  static let segment: FuzzTarget = { bytes in
    guard bytes.count >= SegmentFormat.headerSize + SegmentFormat.trailerSize else { return }
    let store = StoreIdentifier(bytes: Array(bytes[24..<40]))
    let file = MemoryFile(bytes)
    let segmentID = SegmentID(
      rawValue: bytes[40..<48].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    attempt {
      let disk = MemoryFiles(["fuzz/" + segmentID.fileName: file])
      let reader = try EngineApply.open(
        SegmentReference(id: segmentID, fileLength: Int64(bytes.count), checksum: 0),
        folder: StoreFolder(path: "fuzz", files: disk), store: store, context: context())
      read(reader)
      merge(reader, store)
    }
    attempt {
      guard
        let reader = try SegmentReader.salvaging(segmentID, of: store, file: file, context: context()),
        reader.footer.rowCount <= readRows
      else { return }
      let files = MemoryFiles()
      let view = SegmentView(reader: reader, addedCommit: 1, lastCommit: 1)
      var salvage = SegmentSalvage(view, keyText: keyText) { () throws(StoreError) in
        try SegmentWriter(id: SegmentID(rawValue: 99), store: store, folder: "salvaged", files: files)
      }
      let outcome = try salvage.run()
      // Each row is taken or counted as lost; a forged directory may name one twice.
      let lost = outcome.losses.reduce(0) { $0 + ($1.rows ?? 0) }
      precondition(outcome.rows + lost >= Int(reader.footer.rowCount), "rows went missing unsaid")
    }
  }

  private static func read(_ reader: SegmentReader) {
    guard reader.footer.rowCount <= readRows else { return attempt { use(try reader.datasetChunks()) } }
    let isSound = reader.faults().isEmpty
    let view = SegmentView(reader: reader, addedCommit: 1, lastCommit: .max)
    let snapshot = EngineSnapshot(
      view: EngineView(commit: .max, segments: [view], memory: MemoryTable()), commit: UInt64(Int64.max))
    var rows = 0
    for chunk in (try? reader.datasetChunks()) ?? [] {
      attempt {
        guard let source = try MergeSource(view, dataset: chunk.dataset, asOf: .max, dropped: .none) else {
          return
        }
        let schema = source.schema
        attempt {
          for fence in try reader.subjectTree().fences.prefix(20) {
            let leaf = try reader.leaf(fence)
            for subject in 0..<min(50, leaf.subjectCount) {
              use(try snapshot.rows(of: leaf.key(subject), schema: schema))
            }
          }
        }
        try DatasetScan(snapshot, schema: schema, includesSuperseded: true).forEach { row in
          rows += 1
          use(try row.key)
          for column in schema.columns.indices {
            if schema.columns[column].type == .text {
              use(try row.text(column)?.count)
            } else {
              use(try row.integer(column))
            }
          }
        }
      }
    }
    // What verification finds nothing wrong with can be read whole.
    precondition(!isSound || rows == Int(reader.footer.rowCount), "a sound segment could not be read")
    attempt {
      guard let index = try reader.textIndex() else { return }
      for part in index.parts.indices {
        for question in [
          TextIndexQuestion.prefix([]), .containing(Array("公司".utf8)), .equal(Array("甲公司".utf8)),
        ] {
          let walk = try TextIndexWalk(reader, index, part: part, question)
          while try walk.advance() { use(walk.withText { $0.count } + Int(walk.row)) }
        }
      }
    }
  }

  private static func merge(_ reader: SegmentReader, _ store: StoreIdentifier) {
    guard reader.footer.rowCount <= readRows else { return }
    attempt {
      let surroundings = SegmentMerge.Surroundings(
        files: MemoryFiles(), folder: "merged", store: store, keyText: keyText, memoryBytes: 8 << 20,
        segmentRows: 1 << 20, searchForm: form, nextID: { () throws(StoreError) in SegmentID(rawValue: 100) },
        pace: { (_) throws(StoreError) in })
      let view = SegmentView(reader: reader, addedCommit: 1, lastCommit: 1)
      use(try SegmentMerge([view], asOf: 1, in: surroundings).run())
    }
  }
}
