// Owns which texts of subjects a column of an output may follow: names by what the schema says, other columns by what a sample of their rows says.
// Invariants: decided on a sample, so only sizes and times depend on it, never values; a column with texts of keys follows nothing.
// Does not check all rows (SubjectTextPlan).

/// Chooses what a column follows.
struct SubjectTextChoice {
  /// What a row of a column says.
  enum Cell {
    /// The text, valid until the next is asked for.
    case text(UnsafeRawBufferPointer?)
    /// The text is that of the row's key, which takes no room.
    case keyText
  }

  /// Rows below which nothing is gained.
  private static let leastRows = 8
  /// Subjects that are looked at.
  private static let samples = 256
  /// Texts of the sample below which it says nothing.
  private static let leastTexts = 16
  /// Subjects of the sample with several rows below which it does not say whether their texts stay the same.
  private static let leastPairs = 8
  /// Bytes of a text on the average below which words do as well.
  private static let leastMeanBytes = 6

  private let rows: MergedRows
  private let tables: SubjectTextTables
  private let poolBytes: Int

  init(_ rows: MergedRows, _ tables: SubjectTextTables, poolBytes: Int) {
    self.rows = rows
    self.tables = tables
    self.poolBytes = poolBytes
  }

  /// The plan of a column that follows texts of subjects; `nil` where it follows none.
  ///
  /// - Parameters:
  ///   - isName: whether the column has the names of the subjects.
  ///   - cell: what a row of the output says.
  func plan(
    isName: Bool, _ cell: (RowSource, UInt128) throws(StoreError) -> Cell
  ) throws(StoreError) -> SubjectTextPlan? {
    guard rows.rows.count >= Self.leastRows else { return nil }
    // Names come first: a dataset without them seeds nothing, so that theirs is the first table.
    if isName { return try follow(tables.all.first ?? tables.add(), cell) }
    guard !tables.all.isEmpty, let sample = try Sample(rows, tables.all, Self.samples, cell),
      sample.texts >= Self.leastTexts
    else { return nil }
    if let place = sample.best(among: tables.all.count), let plan = try follow(tables.all[place], cell) {
      return plan
    }
    guard sample.isOfSubjects(pairs: Self.leastPairs, meanBytes: Self.leastMeanBytes),
      let table = tables.add()
    else { return nil }
    let plan = try follow(table, cell)
    if plan == nil { tables.removeLast() }
    return plan
  }

  private func follow(
    _ table: SubjectTextTable?, _ cell: (RowSource, UInt128) throws(StoreError) -> Cell
  ) throws(StoreError) -> SubjectTextPlan? {
    guard let table else { return nil }
    return try SubjectTextPlan(rows, table, poolBytes: poolBytes, cell)
  }

  /// What some subjects, spread evenly, say.
  private struct Sample {
    private(set) var texts = 0
    private var bytes = 0
    private var distinct: Set<UInt64> = []
    /// Subjects with two rows that both have a text, and those of which both are the same.
    private var pairs = 0
    private var equalPairs = 0
    /// By table: subjects it knows, and those of which it has the text.
    private var known: [Int]
    private var matches: [Int]

    /// `nil` where texts are those of keys.
    init?(
      _ rows: MergedRows, _ tables: [SubjectTextTable], _ limit: Int,
      _ cell: (RowSource, UInt128) throws(StoreError) -> Cell
    ) throws(StoreError) {
      known = Array(repeating: 0, count: tables.count)
      matches = known
      let step = max(1, rows.keys.count / limit)
      var row = 0
      for (place, key) in rows.keys.enumerated() {
        defer { row += Int(rows.counts[place]) }
        guard place.isMultiple(of: step) else { continue }
        guard case .text(let found) = try cell(rows.rows[row], key) else { return nil }
        guard let text = found else { continue }
        let hash = TextHash.hash(text)
        texts += 1
        bytes += text.count
        distinct.insert(hash)
        for (number, table) in tables.enumerated() {
          guard let own = table.text(of: key) else { continue }
          known[number] += 1
          if ByteSearch.areSame(own, text) { matches[number] += 1 }
        }
        guard rows.counts[place] > 1 else { continue }
        guard case .text(let second) = try cell(rows.rows[row + 1], key) else { return nil }
        guard let second else { continue }
        pairs += 1
        if TextHash.hash(second) == hash { equalPairs += 1 }
      }
    }

    /// The table that has most of the texts, if it has nearly all of those it could have, and knows half of the subjects.
    func best(among count: Int) -> Int? {
      let fitting = (0..<count).filter { matches[$0] * 8 >= known[$0] * 7 && known[$0] * 2 >= texts }
      return fitting.max { matches[$0] < matches[$1] }
    }

    /// Whether subjects have one text each, and each another one.
    func isOfSubjects(pairs least: Int, meanBytes: Int) -> Bool {
      pairs >= least && equalPairs * 8 >= pairs * 7 && distinct.count * 8 >= texts * 7
        && bytes >= meanBytes * texts
    }
  }
}
