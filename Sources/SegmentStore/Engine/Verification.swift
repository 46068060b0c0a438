// Owns the checking of a whole store and its figures.
// Invariants: verification reads every byte from disk again, past the cache; it reports all faults, not the first.
// Does not repair.

/// One fault found by verification.
public struct StoreFault: Sendable, Equatable, Codable {
  /// File below the store's folder.
  public let file: String
  /// Offset in bytes, 0 where the file as a whole is at fault.
  public let offset: Int64
  /// What is wrong.
  public let what: String

  /// Makes a fault.
  public init(file: String, offset: Int64, what: String) {
    self.file = file
    self.offset = offset
    self.what = what
  }
}

/// Figures of a store.
public struct EngineStatistics: Sendable {
  /// Segments named by the state.
  public var segments: Int
  /// Bytes of all files.
  public var bytes: Int64
  /// Rows in segments and memory, superseded ones too.
  public var rows: Int
  /// Superseded rows.
  public var superseded: Int
  /// Bytes of segments with current rows, history apart.
  public var currentBytes: Int64
  /// Bytes of history segments: what superseded rows take once they were merged.
  public var historyBytes: Int64
  /// Bytes of current segments that superseded rows take, in proportion to their number: what merging moves into history.
  public var supersededBytes: Int64
  /// Bytes of files that no longer have a name but are still read by an older snapshot of this process; given back when it ends.
  public var pinnedBytes: Int64
  /// Rows waiting in memory and journal.
  public var memoryRows: Int
  /// The last commit.
  public var commit: UInt64
}

extension SegmentEngine {
  /// Checks the store and returns its faults.
  ///
  /// - Parameters:
  ///   - quick: only headers, footers, directories and references, not the blocks of values.
  ///   - progress: told how many of how many segments are done.
  public func verify(quick: Bool = false, progress: (Int, Int) -> Void = { _, _ in }) -> [StoreFault] {
    verificationErrors(quick: quick, progress: progress).map { error in
      StoreFault(file: error.file ?? "", offset: error.offset ?? 0, what: error.message)
    }
  }

  /// What `verify` finds, as errors whose codes tell damage from files that could not be read; files below the store's folder.
  package func verificationErrors(
    quick: Bool, progress: (Int, Int) -> Void = { _, _ in }
  ) -> [StoreError] {
    let view = snapshot().view
    var faults: [StoreError] = []
    func report(_ error: StoreError, _ file: String) {
      let prefix = folder.path + "/"
      let name = error.file.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 } ?? file
      faults.append(StoreError(error.code, error.message, file: name, offset: error.offset))
    }
    for (index, segment) in view.segments.enumerated() {
      let name = segment.reader.id.fileName
      do throws(StoreError) {
        guard let file = try open(segment) else { continue }
        let reference = segment.reader.reference
        let footer = try SegmentReader.footer(
          of: reference.id, file: file, length: reference.fileLength, checksum: reference.checksum)
        let context = ReadingContext(
          cache: nil, keyText: environment.context.keyText, searchForm: environment.context.searchForm)
        let fresh = try SegmentReader(
          FinishedSegment(
            id: reference.id, fileLength: reference.fileLength, checksum: reference.checksum, footer: footer),
          file: file, store: identifier, context: context)
        if quick {
          for chunk in try fresh.datasetChunks() { _ = try fresh.columns(of: chunk) }
          _ = try fresh.subjectTree()
          _ = try fresh.textIndex()
          _ = try fresh.subjectTexts()
        } else {
          let damaged = fresh.faults()
          for fault in damaged { report(fault, name) }
          // A directory that cannot be read was told already, and what it knows cannot be compared.
          do throws(StoreError) {
            for fault in try unusedBytes(of: fresh, file: file) { report(fault, name) }
          } catch  where damaged.contains(where: { $0.offset == error.offset }) {}
        }
      } catch {
        report(error, name)
      }
      progress(index + 1, view.segments.count)
    }
    for fault in verifyState(atLeast: view.commit) { report(fault, "") }
    return faults
  }

  /// Opens the file of a segment anew; `nil` when a merge has put others in its place meanwhile.
  private func open(_ segment: SegmentView) throws(StoreError) -> (any StoreFile)? {
    do throws(StoreError) {
      return try folder.files.open(folder.path + "/" + segment.reader.id.fileName, writable: false)
    } catch {
      guard error.code == .notFound, snapshot().view.segment(segment.reader.id.rawValue) == nil else {
        throw error
      }
      return nil
    }
  }

  /// Re-reads the state and the journal from disk.
  private func verifyState(atLeast commit: UInt64) -> [StoreError] {
    do throws(StoreError) {
      let context = ReadingContext(cache: BlockCache(budget: 1 << 20))
      let opened = try Recovery(folder: folder, context: context).open(isWriter: false)
      guard opened.view.commit >= commit else {
        return [
          StoreError.damaged(
            "the journal ends before commit \(commit)", file: JournalFormat.fileName(opened.state.number),
            offset: 0)
        ]
      }
      let number = opened.state.number
      let faults = StateFile.faults(number: number, folder: folder.path, files: folder.files)
      // A checkpoint may have put the next state in its place meanwhile.
      return folder.files.exists(folder.path + "/" + StateFile.fileName(number)) ? faults : []
    } catch {
      return [error]
    }
  }

  /// Every byte between header and trailer belongs to exactly one block.
  private func unusedBytes(of segment: SegmentReader, file: any StoreFile) throws(StoreError) -> [StoreError]
  {
    var locations: [BlockLocation] = [segment.footer.datasetDirectory, segment.footer.subjectFences]
    // Several small chunks share a bundle.
    var bundles: Set<BlockLocation> = []
    for chunk in try segment.datasetChunks() {
      guard chunk.place == nil else {
        bundles.insert(chunk.columns)
        continue
      }
      locations.append(chunk.columns)
      for column in try segment.columns(of: chunk).entries {
        locations += column.blocks.map(\.location) + column.dictionaryPages + (column.map.map { [$0] } ?? [])
      }
    }
    locations += bundles
    for fence in try segment.subjectTree().fences { locations.append(fence.location) }
    locations += try segment.textIndexBlocks()
    if let texts = segment.footer.subjectTexts {
      locations.append(texts)
      for column in try segment.subjectTexts()?.entries ?? [] {
        locations += column.blocks.map(\.location) + column.dictionaryPages
      }
    }
    locations.sort { $0.offset < $1.offset }
    var next = Int64(SegmentFormat.headerSize)
    for location in locations {
      guard location.offset == next else {
        return [StoreError.damaged("bytes that no block owns", file: segment.id.fileName, offset: next)]
      }
      next += Int64(location.length)
    }
    return []
  }

  /// Figures of the store as it stands.
  public func statistics() throws(StoreError) -> EngineStatistics {
    let view = snapshot().view
    func bytes(_ isWanted: (SegmentView) -> Bool) -> Int64 {
      view.segments.reduce(0) { $0 + (isWanted($1) ? $1.reader.fileLength : 0) }
    }
    return EngineStatistics(
      segments: view.segments.count, bytes: try folder.totalBytes(),
      rows: view.segments.reduce(view.memory.count) { $0 + Int($1.reader.footer.rowCount) },
      superseded: view.segments.reduce(view.memory.marks.count) {
        $0 + ($1.isHistory ? Int($1.reader.footer.rowCount) : $1.marks.count)
      },
      currentBytes: bytes { !$0.isHistory }, historyBytes: bytes { $0.isHistory },
      supersededBytes: view.segments.reduce(0) { sum, segment in
        let rows = Int64(max(1, segment.reader.footer.rowCount))
        return segment.isHistory
          ? sum : sum + segment.reader.fileLength / rows * Int64(segment.marks.count)
      },
      pinnedBytes: context.open.pinnedBytes(besides: Set(view.segments.map { $0.reader.id })),
      memoryRows: view.memory.count,
      commit: view.commit)
  }

  /// Bytes of the indexes of texts, which are parts of the segments, and the texts in them.
  ///
  /// Apart from the statistics, which nothing that is damaged inside a segment keeps from being told.
  package func textIndexFigures() throws(StoreError) -> (bytes: Int64, texts: Int) {
    var figures: (bytes: Int64, texts: Int) = (0, 0)
    for segment in snapshot().view.segments {
      guard let location = segment.reader.footer.textIndex, let index = try segment.reader.textIndex() else {
        continue
      }
      figures.bytes += Int64(location.length + index.blockBytes)
      figures.texts += index.textCount
    }
    return figures
  }
}
