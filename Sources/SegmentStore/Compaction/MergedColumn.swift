// Owns how one column of a merge is stored, and the way from the codes of each source to those of the output.
// Invariants: a dictionary of words holds only what rows of the output use, and one of phrases only what a sample of them uses, so that what was
// purged is not kept in it; a column whose texts repeat the row's key gets none.
// Does not write.

/// One column of the output of a merge.
package final class MergedColumn {
  /// What a source has to be asked for its codes.
  private enum Words {
    /// The source has a dictionary: from its codes to places in the list.
    case codes(UnsafeMutableBufferPointer<UInt32>)
    /// Texts are looked up. `pools` keeps it alive: counting references for every row costs more than the look-up.
    case pool(Unmanaged<TextPool>)
  }

  private static let unused = UInt32.max

  package let column: ColumnSchema
  /// `nil` when the column is not stored as words.
  /// Accesses of the parts below never overlap: a column serves one thread, and no call of it is made from inside another.
  @exclusivity(unchecked) package private(set) var plan: DictionaryPlan?
  /// `nil` when the column is not stored as phrases.
  package private(set) var book: PhraseBook?
  /// `nil` when the column does not follow the texts of subjects.
  package private(set) var subjects: SubjectTextPlan?
  private let cursors: UnsafeMutableBufferPointer<ColumnCursor>
  @exclusivity(unchecked) private var words: [Words] = []
  private var pools: [TextPool] = []
  @exclusivity(unchecked) private var lists: [UnsafeBufferPointer<TextPool.Entry>] = []
  /// By source, the way to the codes of the output; empty while there is no plan.
  private let coders: UnsafeMutableBufferPointer<SourceCodes>
  /// Numbers that a row has beside its code at most.
  @exclusivity(unchecked) private var holes = 0
  private var owned: [UnsafeMutableBufferPointer<TextPool.Entry>] = []
  private let memory = StableArena()

  package init(
    _ column: ColumnSchema, of dataset: DatasetID, sources: [MergeSource], rows: MergedRows, poolBytes: Int,
    triesPhrases: Bool, memo: PhraseMemo? = nil, isName: Bool = false,
    following tables: SubjectTextTables? = nil
  ) throws(StoreError) {
    self.column = column
    let entries = sources.map { source in
      source.columns.column(column.id).flatMap { $0.type == column.type ? $0 : nil }
    }
    cursors = .allocate(capacity: sources.count)
    _ = cursors.initialize(
      from: sources.map { ColumnCursor($0.view.reader, $0.columns, id: column.id, type: column.type) })
    coders = .allocate(capacity: sources.count)
    coders.initialize(repeating: SourceCodes())
    guard column.type == .text else { return }
    if let tables {
      let choice = SubjectTextChoice(rows, tables, poolBytes: min(poolBytes / 2, 4 << 20))
      subjects = try choice.plan(isName: isName) { (row, key) throws(StoreError) in
        try form(row) == .key ? .keyText : .text(text(row, key: key))
      }
      if subjects != nil { return }
    }
    if entries.contains(where: { $0?.followsSubjects ?? false }) {
      // It had no words of its own; to look for some, each row's key would be needed each time.
      try considerPhrases(rows, of: dataset, memo, byteLimit: Self.sampleBytes(poolBytes))
      return
    }
    let poolCount = max(1, entries.count { $0?.dictionaryCount ?? 0 == 0 || $0?.phraseCode != nil })
    for entry in entries {
      if let entry, entry.dictionaryCount > 0, entry.phraseCode == nil {
        let map = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: Int(entry.dictionaryCount))
        map.initialize(repeating: Self.unused)
        words.append(.codes(map))
      } else {
        // Each text is looked up twice: it must have the same code both times.
        let pool = TextPool(byteLimit: max(poolBytes / poolCount, 1 << 14), triesTemplates: false)
        pools.append(pool)
        words.append(.pool(Unmanaged.passUnretained(pool)))
      }
    }
    switch try gather(rows) {
    case .keys: return
    case .tooMany: break
    case .words:
      try makeLists(sources, entries)
      plan = DictionaryPlan(lists, rowCount: rows.rows.count, memory: memory)
      prepareCodes()
    }
    // What was stored as phrases once stays so: as plain texts it would grow again.
    if triesPhrases || entries.contains(where: { $0?.phraseCode != nil }) {
      try considerPhrases(rows, of: dataset, memo, byteLimit: Self.sampleBytes(poolBytes))
    }
    if plan == nil { forgetWords() }
  }

  private static func sampleBytes(_ poolBytes: Int) -> Int { max(1 << 18, min(4 << 20, poolBytes / 4)) }

  deinit {
    plan?.deallocate()
    forgetWords()
    cursors.deinitialize()
    cursors.deallocate()
    coders.deallocate()
  }

  private enum Gathered {
    /// All distinct texts are known.
    case words
    /// There are too many distinct texts for a dictionary.
    case tooMany
    /// Some texts are those of their keys.
    case keys
  }

  /// Finds the words the rows use.
  private func gather(_ rows: MergedRows) throws(StoreError) -> Gathered {
    for source in rows.rows {
      switch words[source.source] {
      case .codes(let map):
        guard let code = try cursors[source.source].code(source.row) else { continue }
        guard code < map.count else { return .tooMany }
        map[code] = 0
      case .pool(let pool):
        guard let form = try cursors[source.source].form(source.row) else { continue }
        if form == .key { return .keys }
        // Blocks with texts of keys were left out above, so the key does not matter.
        guard let text = try cursors[source.source].text(source.row, key: 0) else { continue }
        guard pool._withUnsafeGuaranteedRef({ $0.code(of: text, hash: TextHash.hash(text)) }) != nil else {
          return try hasKeys(rows) ? .keys : .tooMany
        }
      }
    }
    return .words
  }

  /// Whether some block of the column holds texts of keys.
  private func hasKeys(_ rows: MergedRows) throws(StoreError) -> Bool {
    for source in rows.rows where try cursors[source.source].form(source.row) == .key { return true }
    return false
  }

  /// Takes phrases instead where they are clearly smaller.
  private func considerPhrases(
    _ rows: MergedRows, of dataset: DatasetID, _ memo: PhraseMemo?, byteLimit: Int
  ) throws(StoreError) {
    var keys = MergedRowKeys(rows)
    let sample = try TextSample(rowCount: rows.rows.count, byteLimit: byteLimit) { row throws(StoreError) in
      try text(rows.rows[row], key: keys.key(of: row))
    }
    var words: (text: Double, dictionary: Double)?
    if let plan { words = try wordBits(plan, rows) }
    guard let book = sample.book(words: words, memo: memo, column: .init(dataset: dataset, id: column.id))
    else { return }
    self.book = book
    plan?.deallocate()
    plan = nil
    coders.update(repeating: SourceCodes())
  }

  /// Bytes that are held until the column is written.
  package var retainedBytes: Int {
    var bytes = memory.byteCount + (plan?.dictionary.entries.count ?? 0) * MemoryLayout<TextPool.Entry>.stride
    for kind in words {
      switch kind {
      case .codes(let map): bytes += map.count * 4
      case .pool(let pool): bytes += pool._withUnsafeGuaranteedRef { $0.byteCount }
      }
    }
    // Its trie takes most.
    if let book { bytes += book.dictionary.entries.count * 300 }
    bytes += subjects?.retainedBytes ?? 0
    return bytes
  }

  /// Gives back what only words need.
  private func forgetWords() {
    for list in owned { list.deallocate() }
    for case .codes(let map) in words { map.deallocate() }
    owned = []
    words = []
    pools = []
    lists = []
  }

  /// Bits a text takes as a word, its code and its numbers, and bits of the dictionary.
  private func wordBits(
    _ plan: DictionaryPlan, _ rows: MergedRows
  ) throws(StoreError) -> (text: Double, dictionary: Double) {
    let entries = plan.dictionary.entries
    let holes = plan.dictionary.holes
    var bits = Double(BitPacking.width(of: UInt64(max(0, entries.count - 1))))
    let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: TextTemplate.maximumHoles)
    defer { numbers.deallocate() }
    if holes > 0 {
      // The first block tells how wide numbers are.
      var largest = [UInt64](repeating: 0, count: holes)
      for row in rows.rows.prefix(ColumnBlockLimits.rows) where try code(row, numbers: numbers) != nil {
        for hole in 0..<holes { largest[hole] = max(largest[hole], numbers[hole]) }
      }
      for number in largest { bits += Double(BitPacking.width(of: number)) }
    }
    let bytes = entries.reduce(0) { $0 + Int($1.count) }
    return (bits, Double(bytes) * 4)
  }

  /// Puts together the distinct texts of each source.
  private func makeLists(_ sources: [MergeSource], _ entries: [ColumnEntry?]) throws(StoreError) {
    for (index, kind) in words.enumerated() {
      switch kind {
      case .pool(let pool): lists.append(pool._withUnsafeGuaranteedRef { $0.entries })
      case .codes(let map):
        let count = map.reduce(0) { $0 + ($1 == Self.unused ? 0 : 1) }
        let list = UnsafeMutableBufferPointer<TextPool.Entry>.allocate(capacity: max(1, count))
        owned.append(list)
        guard let entry = entries[index] else { continue }
        var next = 0
        for code in map.indices where map[code] != Self.unused {
          let page = try sources[index].view.reader.dictionaryPage(
            code / ColumnDictionary.pageEntries, of: entry)
          let place = code % ColumnDictionary.pageEntries
          let base = memory.copy(page.text(place))
          list.initializeElement(
            at: next,
            to: TextPool.Entry(
              base: base, count: UInt32(page.text(place).count), holes: UInt32(page.holes(place))))
          map[code] = UInt32(next)
          next += 1
        }
        lists.append(UnsafeBufferPointer(rebasing: list[..<count]))
      }
    }
  }

  // MARK: Values

  package func integer(_ row: RowSource) throws(StoreError) -> Int64? {
    try cursors[row.source].integer(row.row)
  }

  private func form(_ row: RowSource) throws(StoreError) -> DecodedBlock.TextForm? {
    try cursors[row.source].form(row.row)
  }

  /// The text of a row, valid until the next one is asked for.
  package func text(_ row: RowSource, key: UInt128) throws(StoreError) -> UnsafeRawBufferPointer? {
    try cursors[row.source].text(row.row, key: key)
  }

  /// Puts together what each source is asked for its codes.
  private func prepareCodes() {
    guard let plan else { return }
    holes = plan.dictionary.holes
    for (source, kind) in words.enumerated() {
      var coder = SourceCodes(
        entries: lists[source], numbers: plan.constants[source].map { UnsafePointer($0) },
        codes: UnsafePointer(plan.maps[source]))
      switch kind {
      case .codes(let map): coder.places = UnsafeBufferPointer(map)
      case .pool(let pool): coder.pool = pool
      }
      coders[source] = coder
    }
  }

  /// The code of a row in the output's dictionary, or `nil`.
  ///
  /// - Parameter numbers: room for the numbers of the output's templates; those not needed are set to 0.
  package func code(
    _ row: RowSource, numbers: UnsafeMutablePointer<UInt64>
  ) throws(StoreError) -> UInt32? {
    let (source, coder, holes) = (row.source, coders[row.source], holes)
    guard let codes = coder.codes else { return nil }
    let place: Int
    if let pool = coder.pool {
      guard let text = try cursors[source].text(row.row, key: 0) else { return nil }
      guard let found = pool._withUnsafeGuaranteedRef({ $0.code(of: text, hash: TextHash.hash(text)) }),
        found.code < coder.entries.count
      else { throw StoreError(.damaged, "a text changed while segments were merged") }
      place = found.code
      let split = pool._withUnsafeGuaranteedRef { $0.numbers }
      for hole in 0..<holes { numbers[hole] = hole < found.holes ? split[hole] : 0 }
    } else {
      guard let code = try cursors[source].code(row.row), code < coder.places.count else { return nil }
      place = Int(coder.places[code])
      guard place < coder.entries.count else { return nil }
      let own = Int(coder.entries[place].holes)
      for hole in 0..<holes { numbers[hole] = hole < own ? cursors[source].number(hole, row.row) : 0 }
    }
    if let constants = coder.numbers, coder.entries[place].holes == 0 {
      for hole in 0..<holes { numbers[hole] = constants[place * TextTemplate.maximumHoles + hole] }
    }
    return codes[place]
  }
}

/// The way from what a row of a source says to its code in the output.
private struct SourceCodes {
  /// The distinct texts of the source.
  var entries = UnsafeBufferPointer<TextPool.Entry>(start: nil, count: 0)
  /// From codes of the source to their places among the texts, where it has codes.
  var places = UnsafeBufferPointer<UInt32>(start: nil, count: 0)
  /// Where texts are looked up; the column keeps it alive. Counting references for every row costs more than the look-up.
  var pool: Unmanaged<TextPool>?
  /// The numbers of texts that were taken apart only now.
  var numbers: UnsafePointer<UInt64>?
  /// The codes of the texts in the output; `nil` without a plan.
  var codes: UnsafePointer<UInt32>?
}
