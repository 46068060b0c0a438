// Goal: texts stored as phrases come back byte for byte, whatever they are, from any row; damaged bits are found and never trap.
// Method: books trained on stock phrases, then blocks of texts from the same and from other sources beside the plain texts; codes beside
// Kraft's sum and a slow search; random damage.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct PhraseTests {
  private static let stock = [
    "依法须经批准的项目，经相关部门批准后方可开展经营活动", "销售：日用百货", "建筑材料", "五金交电", "餐饮服务", "技术咨询", "（不含危险化学品）", "、", "；", "。",
    "hardware", "食品", "\u{1F600}",
  ]

  private static func texts(_ count: Int, _ random: inout SeededGenerator, isWild: Bool) -> [[UInt8]] {
    (0..<count).map { index in
      if isWild, index % 3 == 0 {
        return (0..<Int.random(in: 0...40, using: &random)).map { _ in .random(in: 0...255, using: &random) }
      }
      let words = (0..<Int.random(in: 0...9, using: &random)).map { _ in
        stock[Int.random(in: 0..<stock.count, using: &random)]
      }
      return Array(words.joined().utf8) + (index % 5 == 0 ? Array("\(index)".utf8) : [])
    }
  }

  /// Keeps texts in place and gives views of them.
  private static func views(_ texts: [[UInt8]], _ memory: StableArena) -> [UnsafeRawBufferPointer] {
    texts.map { text in
      text.withUnsafeBytes { UnsafeRawBufferPointer(start: memory.copy($0), count: $0.count) }
    }
  }

  /// The raw block of texts, `nil` where every seventh row shall be null.
  private static func block(_ texts: [[UInt8]?], _ book: PhraseBook) throws -> BlockBytes {
    let memory = StableArena()
    let place = UnsafeRawPointer(memory.allocate(8))
    let references = texts.map { text in
      text.map { bytes in
        TextReference(base: bytes.withUnsafeBytes { memory.copy($0) }, count: bytes.count)
      } ?? TextReference(base: place, count: 0)
    }
    let arena = ByteArena()
    references.withUnsafeBufferPointer { references in
      texts.map { $0 == nil }.withUnsafeBufferPointer { nulls in
        PhraseEncoding.encode(
          texts: references, nulls: nulls, nullCount: nulls.reduce(0) { $0 + ($1 ? 1 : 0) }, book: book,
          to: arena)
      }
    }
    return try BlockBytes(count: arena.count) { $0.copyMemory(from: arena.bytes) }
  }

  private static func decoded(_ raw: BlockBytes, rows: Int) throws -> DecodedBlock {
    let header = BlockHeader(
      kind: .column, codec: .none, encoding: Encoding.phrases.rawValue, rowCount: UInt32(rows),
      storedLength: UInt32(raw.count), rawLength: UInt32(raw.count), columnID: 16)
    return try DecodedBlock(header, raw, file: "test", offset: 0)
  }

  /// Reads a block with nothing but the code and the entries.
  private static func read(_ block: DecodedBlock, _ book: PhraseBook) -> [[UInt8]?] {
    guard let code = book.dictionary.phraseCode else { return [] }
    return (0..<block.rowCount).map { row in
      let group = row / PhraseEncoding.groupRows
      var bit = block.groupStart(group)
      for row in group * PhraseEncoding.groupRows..<row where !block.isNull(row) {
        while code.next(block.phraseBytes, &bit) != code.end {}
      }
      guard !block.isNull(row) else { return nil }
      var text: [UInt8] = []
      while true {
        let entry = code.next(block.phraseBytes, &bit)
        if entry == code.end { return text }
        text += Array(book.dictionary.entries[entry].bytes)
      }
    }
  }

  @Test(arguments: [1, 2, 3], [false, true])
  func anyTextComesBack(seed: UInt64, isWild: Bool) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let memory = StableArena()
    let sample = Self.views(Self.texts(4000, &random, isWild: isWild), memory)
    let book = try #require(PhraseBook(sample: sample, rowCount: 40_000))
    for rows in [1, 15, 16, 17, 1000] {
      let texts = Self.texts(rows, &random, isWild: true).enumerated().map { $0 % 7 == 6 ? nil : $1 }
      let block = try Self.decoded(try Self.block(texts, book), rows: rows)
      #expect(Self.read(block, book) == texts)
      #expect(PhraseEncoding.isSound(block, try #require(book.dictionary.phraseCode)))
    }
  }

  /// What is written takes hardly more bits than the cheapest way there is, and where that way is simple no more at all.
  @Test(arguments: [4, 5] as [UInt64]) func textsTakeNearlyTheFewestBits(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let memory = StableArena()
    let book = try #require(
      PhraseBook(sample: Self.views(Self.texts(4000, &random, isWild: false), memory), rowCount: 40_000))
    let code = try #require(book.dictionary.phraseCode)
    let lengths = code.codes().map { Int($0.length) }
    let entries = book.dictionary.entries.map { Array($0.bytes) }
    let byFirst = Dictionary(grouping: entries.indices.filter { !entries[$0].isEmpty }) { entries[$0][0] }
    var (found, fewest) = (0, 0)
    for text in Self.texts(600, &random, isWild: true) {
      var writer = BitWriter()
      text.withUnsafeBytes { book.write($0, to: &writer) }
      var bits = [Int](repeating: .max, count: text.count + 1)
      bits[0] = 0
      for place in text.indices {
        for entry in byFirst[text[place]] ?? [] where text[place...].starts(with: entries[entry]) {
          let end = place + entries[entry].count
          bits[end] = min(bits[end], bits[place] + lengths[entry])
        }
      }
      let best = bits[text.count] + lengths[code.end]
      #expect(writer.bitCount >= best)
      (found, fewest) = (found + writer.bitCount, fewest + best)
    }
    print("\(found) bits, \(fewest) at least")
    #expect(found * 200 <= fewest * 201)
  }

  @Test func longAndStrangeTextsComeBack() throws {
    let memory = StableArena()
    let sample = Self.views([Array("甲乙甲乙".utf8), Array("甲乙".utf8)], memory)
    let book = try #require(PhraseBook(sample: sample, rowCount: 2))
    let long = Array(repeating: Array("甲乙丙".utf8), count: 20_000).flatMap { $0 }
    let texts: [[UInt8]?] = [
      [], nil, long, [0xE7], [0xE7, 0x94], Array(long.prefix(16_385)), [0xFF, 0, 1], nil,
    ]
    let block = try Self.decoded(try Self.block(texts, book), rows: texts.count)
    #expect(Self.read(block, book) == texts)
  }

  @Test func stockPhrasesTakeFewBits() throws {
    var random = SeededGenerator(seed: 9)
    let memory = StableArena()
    let texts = Self.texts(8000, &random, isWild: false)
    let book = try #require(PhraseBook(sample: Self.views(texts, memory), rowCount: 8000))
    let raw = try Self.block(texts, book)
    let bytes = texts.reduce(0) { $0 + $1.count }
    // A text is five of thirteen words on average, a word under four bits.
    #expect(raw.count * 20 < bytes, "\(raw.count) of \(bytes)")
  }

  /// The outputs of a merge take over phrases from each other: texts of the same kind take hardly more than with phrases of their own, and texts of another
  /// kind get their own.
  @Test func learnedPhrasesServeTextsOfTheSameKind() throws {
    var random = SeededGenerator(seed: 12)
    let memory = StableArena()
    // A word that only the first texts have must not come into the dictionary of the others: it may have been purged from them.
    let purged = Array("绝密".utf8)
    let marked = Self.texts(6000, &random, isWild: false).enumerated().map { $0 % 3 == 0 ? $1 + purged : $1 }
    let first = Self.views(marked, memory)
    let learned = try #require(PhraseBook(sample: first, rowCount: 6000)).learned(from: first)
    let texts = Self.texts(5000, &random, isWild: false)
    let sample = Self.views(texts, memory)
    let own = try #require(PhraseBook(sample: sample, rowCount: 5000))
    let taken = try #require(PhraseBook(sample: sample, rowCount: 5000, learned: learned))
    let (ownBlock, takenBlock) = (try Self.block(texts, own), try Self.block(texts, taken))
    #expect(Double(takenBlock.count) < Double(ownBlock.count) * 1.15)
    let block = try Self.decoded(try Self.block(Array(texts.prefix(1000)), taken), rows: 1000)
    #expect(Self.read(block, taken) == texts.prefix(1000).map { $0 })
    let all: [UInt8] = Array(texts.joined(separator: [0]))
    func stands(_ phrase: UnsafeRawBufferPointer) -> Bool {
      all.withUnsafeBytes { ByteSearch.contains($0, phrase) }
    }
    for entry in taken.dictionary.entries where entry.count > 1 {
      #expect(stands(entry.bytes), "\(Array(entry.bytes))")
    }
    #expect(purged.withUnsafeBytes { !stands($0) })
    let others = (0..<3000).map { _ in
      Array("\(Int.random(in: 0..<1_000_000_000, using: &random)) the quick brown fox".utf8)
    }
    #expect(PhraseBook(sample: Self.views(others, memory), rowCount: 3000, learned: learned) == nil)
    #expect(PhraseBook(sample: [], rowCount: 0, learned: learned) == nil)
  }

  @Test func whatOutputsLearnIsBounded() throws {
    var random = SeededGenerator(seed: 13)
    let memory = StableArena()
    let sample = Self.views(Self.texts(3000, &random, isWild: false), memory)
    let learned = try #require(PhraseBook(sample: sample, rowCount: 3000)).learned(from: sample)
    let memo = PhraseMemo(byteLimit: learned.byteCount * 5 / 2)
    let columns = (1...3).map { PhraseMemo.Column(dataset: DatasetID(rawValue: 7), id: UInt32($0)) }
    for column in columns { memo.keep(.phrases(learned), of: column) }
    #expect(columns.map { memo.finding(of: $0) != nil } == [true, true, false])
    memo.keep(.noPhrases(rows: 10, hasWords: false), of: columns[2])
    guard case .noPhrases(10, false)? = memo.finding(of: columns[2]) else {
      Issue.record("a finding that takes no room was not kept")
      return
    }
    // Phrases stay, whatever a smaller output did without.
    memo.keep(.noPhrases(rows: 10, hasWords: false), of: columns[0])
    guard case .phrases? = memo.finding(of: columns[0]) else {
      Issue.record("phrases were given up")
      return
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5])
  func codesAreCompleteAndShort(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let counts = (0..<Int.random(in: 2...3000, using: &random)).map { index in
      seed == 5 ? UInt64(1) << UInt64(min(index, 60)) : UInt64.random(in: 0...100_000, using: &random)
    }
    let lengths = PrefixCode.lengths(counts)
    #expect(lengths.allSatisfy { (1...UInt8(PhraseCode.maximumLength)).contains($0) })
    // Kraft's sum of a complete code is 1.
    #expect(
      lengths.reduce(0) { $0 + (1 << (PhraseCode.maximumLength - Int($1))) } == 1 << PhraseCode.maximumLength)
    var classes = [UInt32](repeating: 0, count: PhraseCode.maximumLength)
    for length in lengths { classes[Int(length) - 1] += 1 }
    let code = try #require(PhraseCode(counts: classes, end: 0))
    var writer = BitWriter()
    for word in code.codes() { writer.append(word.code, bits: Int(word.length)) }
    writer.finish()
    writer.arena.append(UnsafeRawBufferPointer(start: writer.arena.base, count: 8))
    var bit = 0
    for entry in 0..<code.entryCount { #expect(code.next(writer.arena.base, &bit) == entry) }
  }

  @Test func impossibleCodesAreRefused() {
    #expect(PhraseCode(counts: [], end: 0) == nil)
    #expect(PhraseCode(counts: [3], end: 0) == nil)
    #expect(PhraseCode(counts: [1, 3], end: 0) == nil)
    #expect(PhraseCode(counts: [1, 1], end: 2) == nil)
    #expect(PhraseCode(counts: [0, 0], end: 0) == nil)
    #expect(PhraseCode(counts: [UInt32](repeating: 0, count: 24) + [1], end: 0) == nil)
    #expect(PhraseCode(counts: [.max], end: 0) == nil)
    #expect(PhraseCode(counts: [1], end: 0) != nil)
  }

  /// Reading damaged bits ends, inside the block, whatever they say.
  @Test func damagedBitsEnd() throws {
    let seed: UInt64 = 31
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let memory = StableArena()
    let texts = Self.texts(300, &random, isWild: false)
    let book = try #require(PhraseBook(sample: Self.views(texts, memory), rowCount: 300))
    let code = try #require(book.dictionary.phraseCode)
    let sound = try Self.block(texts, book)
    var found = 0
    for _ in 0..<3000 {
      let place = Int.random(in: 0..<sound.count, using: &random)
      let flip = UInt8.random(in: 1...255, using: &random)
      let damaged = try BlockBytes(count: sound.count) { target in
        target.copyMemory(from: sound.buffer)
        target[place] ^= flip
      }
      guard let block = try? Self.decoded(damaged, rows: texts.count) else {
        found += 1
        continue
      }
      if !PhraseEncoding.isSound(block, code) { found += 1 }
    }
    // A flip may turn a phrase into another of the same length (checksums find that); most break the bits behind them.
    print("found \(found) of 3000")
    #expect(found > 1000)
  }
}
