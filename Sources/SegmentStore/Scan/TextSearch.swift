// Owns finding every row of a store that names something, whatever column says it, and every word of a dictionary that does although no row
// uses it.
// Invariants: rows of the past count too; each word of a dictionary is asked once; what is found does not depend on encodings or threads;
// damage is an error, never a row that is not looked at.
// Does not know what it looks for.

import Synchronization

/// What a search found.
package struct TextFindings: Sendable {
  /// A row with a text that matches.
  package struct Row: Sendable {
    package var dataset: DatasetID
    package var key: UInt128
    package var address: RowAddress
  }

  /// Rows in no order.
  package fileprivate(set) var rows: [Row] = []
  /// Segments whose dictionaries hold a word that matches and that no row uses.
  package fileprivate(set) var strays: Set<UInt64> = []
  /// Rows looked at.
  package fileprivate(set) var rowsSearched = 0

  package init() {}
}

/// Looks through all texts of a store.
package struct TextSearch {
  private let snapshot: EngineSnapshot
  private let threads: Int
  private let matches: @Sendable (UnsafeRawBufferPointer) -> Bool

  /// - Parameters:
  ///   - matches: whether a text is what is looked for; asked by several threads.
  package init(
    _ snapshot: EngineSnapshot, threads: Int = WorkerThreads.processorCount,
    matching matches: @escaping @Sendable (UnsafeRawBufferPointer) -> Bool
  ) {
    self.snapshot = snapshot
    self.threads = threads
    self.matches = matches
  }

  /// Looks through some datasets.
  ///
  /// - Throws: `StoreError`; `cancelled` when `isCancelled` says so.
  package func run(
    _ datasets: [DatasetID], isCancelled: () -> Bool = { false }, progress: (Double) -> Void = { _ in }
  ) throws -> TextFindings {
    var findings = TextFindings()
    for (index, dataset) in datasets.enumerated() {
      if isCancelled() { throw StoreError(.cancelled, "the search was cancelled; nothing changed") }
      try search(dataset, into: &findings)
      progress(Double(index + 1) / Double(datasets.count))
    }
    return findings
  }

  /// The text columns of a dataset in all its segments and in memory, each once.
  private func schema(of dataset: DatasetID) throws(StoreError) -> DatasetSchema {
    var columns: [ColumnSchema] = []
    func add(_ column: ColumnSchema) {
      if column.type == .text, !columns.contains(column) { columns.append(column) }
    }
    for segment in snapshot.segments {
      guard let chunk = try segment.reader.chunk(of: dataset) else { continue }
      for entry in try segment.reader.columns(of: chunk).entries {
        add(ColumnSchema(id: entry.id, type: entry.type))
      }
    }
    for (_, row) in snapshot.view.memory.rows(of: dataset, asOf: snapshot.commit) {
      for column in row.schema.columns { add(column) }
    }
    return DatasetSchema(dataset: dataset, version: 1, columns: columns)
  }

  /// What is shared by the threads that look through one dataset.
  private struct Shared {
    var findings: TextFindings
    var used: [WordPlace: Bool] = [:]
    var failure: (any Error)?
  }

  private func search(_ dataset: DatasetID, into findings: inout TextFindings) throws {
    let schema = try schema(of: dataset)
    let scan = VectorScan(snapshot, schema: schema, includesSuperseded: true)
    let parts = try scan.parts()
    let shared = Guarded(Shared(findings: findings))
    let next = Atomic<Int>(0)
    let columns = schema.columns.count
    WorkerThreads.run(count: max(1, min(threads, parts.count))) { _ in
      var worker = TextSearchWorker(dataset: dataset, columns: columns, matches: matches)
      var vector = RowVector()
      do {
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < parts.count, shared.withLock({ $0.failure == nil }) else { break }
          try scan.forEachVector(of: parts[index], in: &vector) { vector in
            try worker.look(through: &vector)
            return true
          }
        }
        shared.withLock { shared in
          shared.findings.rows += worker.rows
          shared.findings.rowsSearched += worker.rowsSearched
          for (place, isUsed) in worker.words where isUsed || shared.used[place] == nil {
            shared.used[place] = isUsed
          }
        }
      } catch {
        shared.withLock { $0.failure = $0.failure ?? error }
      }
    }
    let result = shared.withLock { $0 }
    if let failure = result.failure { throw failure }
    findings = result.findings
    for (place, isUsed) in result.used where !isUsed { findings.strays.insert(place.segment) }
  }
}

/// A word of a dictionary that matches.
private struct WordPlace: Hashable, Sendable {
  var segment: UInt64
  var column: Int
  var code: Int
}

/// One thread of a search.
private struct TextSearchWorker {
  let dataset: DatasetID
  let columns: Int
  let matches: (UnsafeRawBufferPointer) -> Bool
  private(set) var rows: [TextFindings.Row] = []
  private(set) var rowsSearched = 0
  /// Words that match, and whether a row uses them.
  private(set) var words: [WordPlace: Bool] = [:]
  private var chunk = -1
  private var verdicts: [[Verdict]?]

  private enum Verdict { case no, yes, template }

  init(dataset: DatasetID, columns: Int, matches: @escaping (UnsafeRawBufferPointer) -> Bool) {
    self.dataset = dataset
    self.columns = columns
    self.matches = matches
    verdicts = Array(repeating: nil, count: columns)
  }

  mutating func look(through vector: inout RowVector) throws(StoreError) {
    if vector.chunkNumber != chunk {
      chunk = vector.chunkNumber
      verdicts = Array(repeating: nil, count: columns)
    }
    rowsSearched += vector.selectedCount
    let selection = vector.selection
    let places = UnsafeBufferPointer(start: selection.places, count: selection.count)
    var found: Set<Int> = []
    for column in 0..<columns {
      if let codes = try vector.codes(column) {
        try look(at: codes, column, places, &vector, &found)
      } else {
        for place in places where try vector.withText(column, Int(place), { $0.map(matches) ?? false }) {
          found.insert(Int(place))
        }
      }
    }
    for place in found.sorted() {
      rows.append(
        TextFindings.Row(dataset: dataset, key: try vector.key(place), address: vector.address(place)))
    }
  }

  private mutating func look(
    at codes: UnsafePointer<UInt32>, _ column: Int, _ places: UnsafeBufferPointer<UInt16>,
    _ vector: inout RowVector, _ found: inout Set<Int>
  ) throws(StoreError) {
    let segment = vector.address(0).segment
    let verdicts: [Verdict]
    if let known = self.verdicts[column] {
      verdicts = known
    } else {
      verdicts = try judge(column, segment, &vector)
      self.verdicts[column] = verdicts
    }
    for place in places {
      let code = Int(codes[Int(place)])
      // Rows without a text have a code beyond the dictionary.
      guard code < verdicts.count else { continue }
      switch verdicts[code] {
      case .no: continue
      case .yes:
        words[WordPlace(segment: segment, column: column, code: code)] = true
        found.insert(Int(place))
      case .template:
        if try vector.withText(column, Int(place), { $0.map(matches) ?? false }) { found.insert(Int(place)) }
      }
    }
  }

  /// Asks about each word of a dictionary.
  private mutating func judge(
    _ column: Int, _ segment: UInt64, _ vector: inout RowVector
  ) throws(StoreError) -> [Verdict] {
    var verdicts: [Verdict] = []
    for code in 0..<vector.wordCount(column) {
      let (text, holes) = try vector.word(column, code)
      if holes > 0 {
        verdicts.append(.template)
      } else if matches(text) {
        verdicts.append(.yes)
        let place = WordPlace(segment: segment, column: column, code: code)
        if words[place] == nil { words[place] = false }
      } else {
        verdicts.append(.no)
      }
    }
    return verdicts
  }
}
