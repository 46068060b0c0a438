// Owns showing every structure of a store as text: what lies where, in which encoding, and how many bytes it takes.
// Invariants: only structure is shown, never a value, a word of a dictionary or a key; nothing is written; what cannot be read is shown as the
// fault it is, and the rest goes on.
// Does not check what it shows (Verification).

/// How much of a store is shown.
public enum DumpDetail: Int, Sendable, Comparable, CaseIterable {
  /// The store, its state and its segments.
  case segments = 0
  /// Also datasets.
  case datasets = 1
  /// Also columns with their encodings and bytes.
  case columns = 2
  /// Also every block.
  case blocks = 3

  /// More detail is larger.
  public static func < (left: DumpDetail, right: DumpDetail) -> Bool { left.rawValue < right.rawValue }
}

package struct StoreDump {
  private let engine: SegmentEngine
  private let detail: DumpDetail
  private let line: (String) -> Void

  package init(_ engine: SegmentEngine, detail: DumpDetail, line: @escaping (String) -> Void) {
    self.engine = engine
    self.detail = detail
    self.line = line
  }

  package func run() throws(StoreError) {
    let view = engine.followedView().view
    line("store \(engine.identifier), commit \(view.commit), \(try engine.folder.totalBytes()) bytes")
    for name in try engine.folder.files.list(engine.folder.path) where name != "seg" && name != "tmp" {
      line("file \(name): \((try? engine.folder.files.size(engine.folder.path + "/" + name)) ?? 0) bytes")
    }
    line(
      "memory: \(view.memory.count) rows, \(view.memory.marks.count) superseded, \(view.memory.bytes) bytes")
    line("segments: \(view.segments.count), height \(view.list.height)")
    for segment in view.segments { show(segment) }
  }

  private func show(_ segment: SegmentView) {
    let reader = segment.reader
    let kind =
      segment.isHistory ? "history to commit \(segment.historyEnd)" : "\(segment.marks.count) superseded"
    line(
      "segment \(reader.id.fileName): \(reader.fileLength) bytes, \(reader.footer.rowCount) rows, "
        + "\(reader.footer.subjectCount) subjects, commits \(segment.addedCommit) to \(segment.lastCommit), \(kind)"
        + (segment.isCompacted ? ", final" : ""))
    attempt {
      () throws(StoreError) in
      let tree = try reader.subjectTree()
      let bytes = tree.fences.reduce(0) { $0 + $1.location.length }
      line("  subjects: \(tree.fences.count) leaves, \(bytes) bytes")
    }
    attempt { () throws(StoreError) in
      guard let columns = try reader.subjectTexts()?.entries else { return }
      let bytes = columns.flatMap { $0.blocks.map(\.location) + $0.dictionaryPages }.reduce(0) {
        $0 + $1.length
      }
      line("  texts of subjects: \(columns.count) columns, \(bytes) bytes")
      if detail >= .columns { for column in columns { show(column, of: reader) } }
    }
    guard detail >= .datasets else { return }
    attempt { () throws(StoreError) in for chunk in try reader.datasetChunks() { show(chunk, of: reader) } }
  }

  private func show(_ chunk: DatasetChunk, of reader: SegmentReader) {
    let form =
      chunk.place.map { "at \($0) of the bundle at \(chunk.columns.offset)" }
      ?? "\(chunk.columnCount) columns"
    line(
      "  dataset \(chunk.dataset.rawValue) version \(chunk.schemaVersion): \(chunk.rowCount) rows, \(form)")
    guard detail >= .columns, chunk.place == nil else { return }
    attempt {
      () throws(StoreError) in
      for column in try reader.columns(of: chunk).entries { show(column, of: reader) }
    }
  }

  private func show(_ column: ColumnEntry, of reader: SegmentReader) {
    var encodings: [String: (blocks: Int, bytes: Int)] = [:]
    var shown: [String] = []
    for entry in column.blocks {
      attempt {
        () throws(StoreError) in
        let name = try reader.encoding(of: entry)
        let before = encodings[name] ?? (0, 0)
        encodings[name] = (before.blocks + 1, before.bytes + entry.location.length)
        shown.append(
          "      rows \(entry.firstRow) +\(entry.rowCount) at \(entry.location.offset): \(name), \(entry.location.length) bytes"
        )
      }
    }
    var text = "    column \(column.id) \(column.type == .text ? "text" : "integer"): "
    text += encodings.sorted { $0.key < $1.key }
      .map { "\($0.key) \($0.value.blocks) blocks \($0.value.bytes) bytes" }.joined(separator: ", ")
    if column.dictionaryCount > 0 {
      let bytes = column.dictionaryPages.reduce(0) { $0 + $1.length }
      text += "; \(column.dictionaryCount) \(column.phraseCode == nil ? "words" : "phrases") \(bytes) bytes"
    }
    if let reference = column.reference {
      text +=
        "; relative to column \(reference.column)" + (column.map.map { ", map \($0.length) bytes" } ?? "")
    }
    line(text)
    if detail >= .blocks { for text in shown { line(text) } }
  }

  private func attempt(_ body: () throws(StoreError) -> Void) {
    do throws(StoreError) { try body() } catch { line("  fault: \(error)") }
  }
}

extension SegmentReader {
  /// Name of the encoding of a block, with its codec.
  fileprivate func encoding(of entry: ColumnBlockEntry) throws(StoreError) -> String {
    let header = try blocks.header(entry.location, kind: .column)
    let isRepeating = header.encoding & Encoding.repeats != 0
    let name =
      Encoding(rawValue: header.encoding & ~Encoding.repeats).map {
        "\($0)" + (isRepeating ? " repeats" : "")
      } ?? "unknown"
    return header.codec == .lz4 ? name + "+lz4" : name
  }
}

extension SegmentEngine {
  /// Shows the structures of the store as text, one line after the other; never a value.
  ///
  /// - Parameters:
  ///   - detail: how much.
  ///   - line: takes each line.
  public func dump(_ detail: DumpDetail = .columns, line: @escaping (String) -> Void) throws(StoreError) {
    try StoreDump(self, detail: detail, line: line).run()
  }
}
