// Goal: an index finds exactly the texts that comparing all of them finds, in the same order, whatever they are made of; it follows merges and
// purges; what is wrong with it is told.
// Method: random texts of few characters, beside a comparison of all rows; pages and blocks against plain lists.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct TextIndexTests {
  /// Capital letters, and no spaces.
  static let form = SearchForm(version: 7) { text, target in
    for byte in text where byte != 0x20 { target.append((0x61...0x7A).contains(byte) ? byte - 0x20 : byte) }
  }

  static func normalized(_ text: [UInt8]) -> [UInt8] {
    var target: [UInt8] = []
    text.withUnsafeBytes { form.normalize($0, &target) }
    return target
  }

  static func schema(_ dataset: UInt32, isSearched: Bool = true) -> DatasetSchema {
    DatasetSchema(
      dataset: DatasetID(rawValue: dataset), version: 1,
      columns: [ColumnSchema(id: 16, type: .integer), ColumnSchema(id: 17, type: .text)],
      searchColumn: isSearched ? 1 : nil)
  }

  private struct Entry: Hashable, Comparable {
    var text: [UInt8]
    var key: UInt128
    static func < (left: Entry, right: Entry) -> Bool {
      if left.text.count != right.text.count { return left.text.count < right.text.count }
      return left.text != right.text
        ? left.text.lexicographicallyPrecedes(right.text) : left.key < right.key
    }
  }

  private static func text(_ random: inout SeededGenerator) -> [UInt8] {
    let characters = ["甲", "乙", "丙", "a", "B", "é", " ", "𠀀", "公司"]
    let length = [0, 1, 2, 5, 9, 140].randomElement(using: &random) ?? 1
    return (0..<length).flatMap { _ in Array((characters.randomElement(using: &random) ?? "").utf8) }
  }

  private static func options(_ rows: Int = 0, partBytes: Int? = nil) -> EngineOptions {
    var options = EngineOptions(memoryBudgetBytes: 16 << 20)
    options.indexPartBytes = partBytes
    (options.searchForm, options.indexedRows, options.compactsAutomatically) = (form, rows, false)
    return options
  }

  /// Everything the indexes of a store give for a question, and how many parts they have.
  private static func answer(
    _ engine: SegmentEngine, _ question: TextIndexQuestion
  ) throws -> (found: [Entry], parts: Int) {
    var found: Set<Entry> = []
    var parts = 0
    for segment in engine.snapshot().segments {
      guard let index = try segment.reader.textIndex() else { continue }
      parts += index.parts.count
      for part in index.parts.indices {
        let walk = try TextIndexWalk(segment.reader, index, part: part, question)
        var last: Entry?
        while try walk.advance() {
          let entry = Entry(
            text: walk.withText { Array($0) }, key: try segment.reader.subject(at: walk.row).key)
          if let last { #expect(last < entry) }
          last = entry
          found.insert(entry)
        }
      }
    }
    return (found.sorted(), parts)
  }

  @Test(arguments: [UInt64(1), 2, 3, 4]) func findsWhatComparingFinds(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    // Every other store has indexes of several parts.
    let engine = try SegmentEngine(
      opening: folder.path("store"), mode: .readWrite(),
      options: Self.options(partBytes: seed % 2 == 0 ? 1 << 16 : nil))
    var expected: Set<Entry> = []
    for _ in 0..<4 {
      _ = try engine.write { transaction in
        for _ in 0..<1500 {
          let key = UInt128(Int.random(in: 1...300, using: &random))
          let dataset = UInt32(Int.random(in: 7...10, using: &random))
          let text = Self.text(&random)
          // The last dataset is not searched, and some rows have no text.
          let isNull = Int.random(in: 0..<20, using: &random) == 0
          try transaction.append(
            Self.schema(dataset, isSearched: dataset != 10), key: key, batch: 1,
            payload: RowPayload.encode([.integer(1), isNull ? .null : .text(text)]))
          if !isNull, dataset != 10 { expected.insert(Entry(text: Self.normalized(text), key: key)) }
        }
      }
    }
    #expect(try Self.answer(engine, .prefix([])).found.isEmpty, "only merges make indexes")
    // Superseded rows are indexed beside the others.
    let snapshot = engine.snapshot()
    _ = try engine.write { transaction in
      for key in 1...40 {
        for row in try snapshot.rows(of: UInt128(key), schema: Self.schema(8)) {
          transaction.supersede(row.address)
        }
      }
    }
    try engine.compact()
    expected = expected.filter { !$0.text.isEmpty }
    let all = expected.sorted()
    let (found, parts) = try Self.answer(engine, .prefix([]))
    #expect(found == all && (seed % 2 == 0 ? parts > 4 : parts <= 4))
    for round in 0..<200 {
      let entry = try #require(all.randomElement(using: &random))
      // Whole characters of some text, or a text that may be nowhere.
      let characters = Array(String(decoding: entry.text, as: UTF8.self))
      let start = Int.random(in: 0..<characters.count, using: &random)
      // Some are longer than what is probed in parts of texts.
      let most = round % 7 == 0 ? 60 : 4
      let end = Int.random(in: start..<min(characters.count, start + most), using: &random) + 1
      let part =
        round % 5 == 0 ? Self.normalized(Self.text(&random)) : Array(String(characters[start..<end]).utf8)
      let said = "seed \(seed), \(String(decoding: part, as: UTF8.self))"
      #expect(
        try Self.answer(engine, .equal(entry.text)).found == all.filter { $0.text == entry.text }, "\(said)")
      #expect(
        try Self.answer(engine, .prefix(part)).found == all.filter { $0.text.starts(with: part) }, "\(said)")
      let containing = all.filter { entry in
        entry.text.withUnsafeBytes { text in part.withUnsafeBytes { ByteSearch.contains(text, $0) } }
      }
      #expect(try Self.answer(engine, .containing(part)).found == containing, "\(said)")
    }
    #expect(engine.verify().isEmpty)
    let figures = try engine.textIndexFigures()
    #expect(figures.texts >= all.count && figures.bytes > 0)
    try engine.close()
  }

  /// Goal: an index whose memory is small has several parts, and finds the same.
  @Test func indexesOfSeveralPartsFindAll() throws {
    let budget = 1 << 16
    let builder = TextIndexBuilder(form: Self.form, budgetBytes: budget)
    var parts = 0
    func write(_ raw: UnsafeRawBufferPointer, _ kind: BlockKind, _ rows: Int) -> BlockLocation {
      parts += kind == .sortedTexts ? rows : 0
      return BlockLocation(offset: 64, length: raw.count, checksum: 0)
    }
    builder.begin(DatasetID(rawValue: 7), column: 17)
    for row in 0..<6000 {
      // Each text twice, with another one between.
      let number = row / 4 * 2 + row % 2
      let text = Array("名称\(number)".utf8)
      let isFull = text.withUnsafeBytes { builder.add($0, key: UInt128(number), row: UInt32(row)) }
      if isFull { try builder.writePart { (raw, kind, rows) throws(StoreError) in write(raw, kind, rows) } }
    }
    try builder.writePart { (raw, kind, rows) throws(StoreError) in write(raw, kind, rows) }
    let index = try #require(builder.finish())
    #expect(index.parts.count > 1)
    // A text may stand twice where a part ended between.
    #expect(index.textCount == parts && (3000...3000 + 2 * index.parts.count).contains(parts))
    // The directory reads back as it was.
    let read = try TextIndex(
      index.encode(), parts: UInt32(index.parts.count), rowCount: 6000, file: "f", offset: 0)
    #expect(read.encode() == index.encode())
    for end in 0..<min(200, index.encode().count) {
      #expect(throws: StoreError.self) {
        try TextIndex(
          Array(index.encode()[..<end]), parts: UInt32(index.parts.count), rowCount: 6000, file: "f",
          offset: 0)
      }
    }
  }

  /// Goal: a text that is too long for an index takes its dataset out of it, so that nobody believes it complete.
  @Test func aTextTooLongIsNotCovered() throws {
    let builder = TextIndexBuilder(form: Self.form, budgetBytes: 1 << 20)
    func add(_ dataset: UInt32, _ text: [UInt8]) {
      builder.begin(DatasetID(rawValue: dataset), column: 17)
      text.withUnsafeBytes { _ = builder.add($0, key: 1, row: 0) }
    }
    add(7, [UInt8](repeating: 0x41, count: 4096))
    add(8, [UInt8](repeating: 0x41, count: 4097))
    #expect(builder.finish()?.columns == [DatasetID(rawValue: 7): 17])
  }

  /// Goal: names too long for an index harm nothing: the store stays sound, others are found, and it is known that the index lacks some.
  @Test(arguments: [1, 2]) func namesTooLongAreNoDamage(datasets: Int) throws {
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    let engine = try SegmentEngine(
      opening: folder.path("store"), mode: .readWrite(), options: Self.options())
    _ = try engine.write { transaction in
      for dataset in 0..<datasets {
        for key in 1...20 {
          let isLong = dataset == 0 && key == 7
          let text = isLong ? [UInt8](repeating: 0x41, count: 5000) : Array("名\(key)".utf8)
          try transaction.append(
            Self.schema(UInt32(7 + dataset)), key: UInt128(key), batch: 1,
            payload: RowPayload.encode([.integer(1), .text(text)]))
        }
      }
    }
    try engine.compact()
    #expect(engine.verify().isEmpty)
    #expect(try Self.answer(engine, .prefix(Array("名".utf8))).found.count == (datasets == 1 ? 19 : 20))
    let index = try #require(try engine.snapshot().segments[0].reader.textIndex())
    #expect(index.columns.keys.map(\.rawValue) == (datasets == 1 ? [] : [8]))
    try engine.close()
  }

  /// Goal: the subject of a row is found where the rows of its dataset are few among many leaves of the subject directory, or all in a corner.
  @Test func subjectsOfRowsAmongManyLeaves() throws {
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    let engine = try SegmentEngine(
      opening: folder.path("store"), mode: .readWrite(), options: Self.options())
    var expected: [UInt32: Set<UInt128>] = [:]
    _ = try engine.write { transaction in
      for key in 1...30_000 {
        var datasets: [UInt32] = [7]
        if key % 997 == 3 { datasets.append(8) }
        if key > 29_500 { datasets.append(9) }
        if key < 900 { datasets += [11, 11, 11] }
        for dataset in datasets {
          expected[dataset, default: []].insert(UInt128(key))
          try transaction.append(
            Self.schema(dataset), key: UInt128(key), batch: 1,
            payload: RowPayload.encode([.integer(1), .text(Array("集\(dataset)名\(key)".utf8))]))
        }
      }
    }
    try engine.compact()
    for (dataset, keys) in expected {
      let found = try Self.answer(engine, .prefix(Array("集\(dataset)名".utf8))).found
      #expect(found.count == keys.count && Set(found.map(\.key)) == keys)
      #expect(found.allSatisfy { $0.text == Array("集\(dataset)名\($0.key)".utf8) })
    }
    #expect(engine.verify().isEmpty)
    try engine.close()
  }

  /// Goal: fewer rows than are worth an index get none.
  @Test func fewRowsAreNotIndexed() throws {
    let folder = try TemporaryFolder()
    _ = try SegmentEngine.create(at: folder.path("store"))
    for (rows, isIndexed) in [(101, false), (100, true)] {
      let engine = try SegmentEngine(
        opening: folder.path("store"), mode: .readWrite(), options: Self.options(rows))
      if rows == 101 {
        _ = try engine.write { transaction in
          for key in 1...100 {
            try transaction.append(
              Self.schema(7), key: UInt128(key), batch: 1,
              payload: RowPayload.encode([.integer(1), .text(Array("名\(key)".utf8))]))
          }
        }
      }
      try engine.compact()
      if rows == 100 {
        // Merged again, because there is something to merge.
        _ = try engine.write { transaction in
          try transaction.append(
            Self.schema(7), key: 1, batch: 1, payload: RowPayload.encode([.integer(1), .null]))
        }
        try engine.compact()
      }
      #expect(try engine.textIndexFigures().texts == (isIndexed ? 100 : 0))
      try engine.close()
    }
  }

  /// Goal: lists of groups read back as they were written, from one group to all of them.
  @Test func listsReadBack() throws {
    var random = SeededGenerator(seed: 11)
    for texts in [1, 7, 8, 9, 3000, 40_000] {
      // Texts of one pair each: the bucket of the pair has the groups in which it stands.
      let pool = (0..<Int.random(in: 1...200, using: &random)).map { _ in
        Array(
          "\(["甲", "乙", "丙", "丁"][Int.random(in: 0..<4, using: &random)])\(UnicodeScalar(UInt8.random(in: 65...90, using: &random)))"
            .utf8)
      }
      let chosen = (0..<texts).map { place in
        // The first one is everywhere, the last ones are rare.
        pool[
          place % 3 == 0 ? 0 : Int(Double.random(in: 0..<1, using: &random).squareRoot() * Double(pool.count))
        ]
      }
      let bits = TextPairs.bits(forTexts: texts)
      let postings = PairPostings(textCount: texts, bits: bits) { body in
        for text in chosen { text.withUnsafeBytes { body($0) } }
      }
      defer { postings.deallocate() }
      let groupCount = (texts + SortedTexts.groupTexts - 1) / SortedTexts.groupTexts
      var expected: [Int: Set<UInt32>] = [:]
      for (place, text) in chosen.enumerated() {
        text.withUnsafeBytes { text in
          TextPairs.forEachBucket(text, bits: bits) {
            expected[$0, default: []].insert(UInt32(place / SortedTexts.groupTexts))
          }
        }
      }
      for page in 0..<postings.pageCount {
        let raw = ByteArena()
        postings.encodePage(page, to: raw)
        let bytes = try BlockBytes(count: raw.count) { (buffer) throws(StoreError) in
          buffer.copyMemory(from: raw.bytes)
        }
        let header = BlockHeader(
          kind: .postings, codec: .none, encoding: 0, rowCount: 256, storedLength: UInt32(raw.count),
          rawLength: UInt32(raw.count), columnID: 0)
        let read = try PostingsPage(header, bytes, groupCount: groupCount, file: "f", offset: 0)
        for bucket in 0..<256 {
          var cursor = read.cursor(bucket, of: groupCount)
          var groups: [UInt32] = []
          while case let group = cursor.next(), group >= 0 { groups.append(UInt32(group)) }
          #expect(cursor.next() == PostingsCursor.over)
          // Asked for in steps, it gives the same.
          var asked = read.cursor(bucket, of: groupCount)
          for group in stride(from: 0, to: groupCount, by: 3) {
            #expect(
              (asked.probe(group) == group)
                == (expected[page * 256 + bucket]?.contains(UInt32(group)) ?? false))
          }
          #expect(groups == (expected[page * 256 + bucket] ?? []).sorted())
          #expect(read.count(bucket) == groups.count)
        }
      }
    }
  }

  private static func add(_ text: [UInt8], to writer: SegmentWriter, key: UInt128, row: UInt32) throws {
    let copy = ByteArena(capacity: text.count)
    text.withUnsafeBytes { copy.append($0) }
    try writer.addToIndex(copy.bytes, key: key, row: row)
    withExtendedLifetime(copy) {}
  }

  /// Goal: an index that lies about its rows is found by `verify`, though every checksum is right: texts left out, and texts of other rows.
  @Test func anIndexThatLiesIsFound() throws {
    for lie in ["nothing", "leaves one out", "names another row"] {
      let folder = try TemporaryFolder()
      _ = try SegmentEngine.create(at: folder.path("store"))
      let engine = try SegmentEngine(
        opening: folder.path("store"), mode: .readWrite(), options: Self.options())
      let names = (0..<50).map { Array("名称\($0)号".utf8) }
      _ = try engine.write { transaction in
        let index = TextIndexBuilder(form: Self.form, budgetBytes: 1 << 20)
        let writer = try transaction.makeSegment(index: index)
        try writer.append(
          small: names.enumerated().map { number, name in
            SmallRow(
              key: UInt128(number + 1), system: RowSystemValues(batch: 1, state: 0),
              payload: RowPayload.encode([.integer(0), .text(name)]))
          }, of: Self.schema(7), keyText: noKeyText)
        writer.beginIndex(of: DatasetID(rawValue: 7), column: 17)
        for (number, name) in names.enumerated() where lie != "leaves one out" || number != 23 {
          let row = lie == "names another row" && number == 23 ? 24 : number
          try Self.add(name, to: writer, key: UInt128(number + 1), row: UInt32(row))
        }
        transaction.add(try writer.finish())
      }
      #expect(engine.verify().map(\.file) == (lie == "nothing" ? [] : ["seg/000000000001.seg"]), "\(lie)")
      try engine.close()
    }
  }
}
