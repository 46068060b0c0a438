// Owns the step from one view to the next: what a commit record changes in memory.
// Invariants: used alike by commits and by recovery, so that replay cannot differ from the first time.

package enum EngineApply {
  /// Refuses a commit that supersedes rows that are not there or superseded already; `superseded` must be sorted.
  package static func check(
    _ record: CommitRecord, against view: EngineView, finished: [FinishedSegment]
  ) throws(StoreError) {
    for (index, mark) in record.superseded.enumerated() {
      let isTwice = index > 0 && record.superseded[index - 1] == mark
      let isThere: Bool
      if mark.segment == 0 {
        isThere =
          Int(mark.position) < view.memory.count + record.rows.count
          && view.memory.marks.superseded(mark.position, asOf: .max) == nil
      } else if let segment = view.segment(mark.segment) {
        isThere =
          !segment.isHistory && mark.position < segment.reader.footer.rowCount
          && segment.marks.superseded(mark.position, asOf: .max) == nil
      } else {
        isThere = finished.contains { $0.id.rawValue == mark.segment && mark.position < $0.footer.rowCount }
      }
      guard isThere, !isTwice else {
        throw StoreError(
          .invalidArgument, "the commit supersedes a row that is not there or superseded already")
      }
    }
  }

  /// Opens the segments a commit adds.
  package static func openSegments(
    of record: CommitRecord, finished: [FinishedSegment], folder: StoreFolder, store: StoreIdentifier,
    context: ReadingContext
  ) throws(StoreError) -> [SegmentReader] {
    var readers: [SegmentReader] = []
    for reference in record.segments {
      let known = finished.first { $0.id == reference.id }
      readers.append(try open(reference, known, folder: folder, store: store, context: context))
    }
    return readers
  }

  /// Applies a commit record to a view.
  package static func apply(
    _ record: CommitRecord, to view: EngineView, opened: [SegmentReader]
  ) throws(StoreError) -> EngineView {
    var list = view.list
    if !opened.isEmpty {
      list = SegmentList(
        view.segments
          + opened.map {
            SegmentView(reader: $0, addedCommit: record.commit, lastCommit: record.commit)
          })
    }
    view.memory.append(rowsOf: record)
    let next = EngineView(commit: record.commit, list: list, memory: view.memory)
    for mark in record.superseded {
      let isValid: Bool
      if mark.segment == 0 {
        isValid =
          Int(mark.position) < next.memory.count
          && next.memory.marks.insert(mark.position, commit: record.commit)
      } else if let segment = next.segment(mark.segment) {
        isValid =
          !segment.isHistory && mark.position < segment.reader.footer.rowCount
          && segment.marks.insert(mark.position, commit: record.commit)
      } else {
        isValid = false
      }
      guard isValid else {
        throw StoreError(.damaged, "commit \(record.commit) supersedes a row that is not there")
      }
    }
    return next
  }

  /// What the header of a segment with a footer that cannot be read says, where that is no damage but a segment of tomorrow.
  private static func newerVersion(
    _ reference: SegmentReference, _ file: any StoreFile, _ store: StoreIdentifier
  ) -> StoreError? {
    guard let header = try? file.read(count: SegmentFormat.headerSize, at: 0) else { return nil }
    do throws(StoreError) {
      try SegmentHeader.check(header, store: store, segment: reference.id, file: reference.id.fileName)
    } catch {
      return error.code == .newerVersion ? error : nil
    }
    return nil
  }

  /// Opens a segment a commit or state names.
  package static func open(
    _ reference: SegmentReference, _ known: FinishedSegment? = nil, folder: StoreFolder,
    store: StoreIdentifier,
    context: ReadingContext
  ) throws(StoreError) -> SegmentReader {
    let path = folder.path + "/" + reference.id.fileName
    let file: any StoreFile
    do throws(StoreError) {
      file = try folder.files.open(path, writable: false)
    } catch {
      guard error.code == .notFound else { throw error }
      throw StoreError.damaged("a segment of the store is missing", file: reference.id.fileName, offset: 0)
    }
    let footer: SegmentFooter
    if let known {
      footer = known.footer
    } else {
      do throws(StoreError) {
        footer = try SegmentReader.footer(
          of: reference.id, file: file, length: reference.fileLength, checksum: reference.checksum)
      } catch {
        throw newerVersion(reference, file, store) ?? error
      }
    }
    return try SegmentReader(
      FinishedSegment(
        id: reference.id, fileLength: reference.fileLength, checksum: reference.checksum, footer: footer),
      file: file, store: store, context: context)
  }
}
