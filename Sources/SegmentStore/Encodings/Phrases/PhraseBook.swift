// Owns the phrases of a column while it is written: their order, their codes, and taking texts apart with few bits.
// Invariants: lossless for any bytes; entries stand as a dictionary page wants them: by length of code, then by bytes; the entry without
// bytes ends a text. Marked kernel: work arrays are as long as the window that is taken apart, plus one; a window has no more letters than bytes.
// Does not choose phrases (PhraseTrainer) and does not lay out blocks (PhraseEncoding).

/// The phrases of a column and their codes.
package final class PhraseBook {
  /// Longer texts are taken apart window by window.
  private static let window = 16 << 10
  /// Bits by which a way may be dearer than one that is farther on already, and still be followed: phrases overlap, and a way that is behind may catch a long
  /// one that the other is in the middle of. Most ways into the inside of a phrase cost more than that.
  private static let leeway: UInt32 = 8
  /// Stands for a letter that is written byte by byte.
  private static let singleBytes = UInt32.max

  package let dictionary: ColumnDictionary
  /// Bits that the texts of the whole column take, as the sample says.
  package let estimatedBits: Double

  private struct Output {
    var code: UInt32
    var length: UInt32
  }

  /// Work space of taking a text apart, by the number of the letter in the window.
  private struct Path {
    /// The letters: each is looked at from many starts, and decoded once.
    let letters: UnsafeMutablePointer<UInt32>
    /// Where they begin; behind the last one, the end of the window.
    let starts: UnsafeMutablePointer<UInt32>
    /// Bits of the cheapest way to each letter that was found.
    let bits: UnsafeMutablePointer<UInt32>
    /// With which letter its last phrase begins, and which it is.
    let from: UnsafeMutablePointer<UInt32>
    let phrase: UnsafeMutablePointer<UInt32>

    init() {
      letters = .allocate(capacity: window + 1)
      starts = .allocate(capacity: window + 1)
      bits = .allocate(capacity: window + 1)
      from = .allocate(capacity: window + 1)
      phrase = .allocate(capacity: window + 1)
    }

    func deallocate() {
      for part in [letters, starts, bits, from, phrase] { part.deallocate() }
    }

    /// Takes a window apart into letters; returns how many.
    func decode(_ base: UnsafeRawPointer, _ count: Int) -> Int {
      var number = 0
      var offset = 0
      while offset < count {
        let (letter, length) = PhraseLetter.at(base, offset, count)
        letters[number] = letter
        starts[number] = UInt32(truncatingIfNeeded: offset)
        number &+= 1
        offset &+= length
      }
      starts[number] = UInt32(truncatingIfNeeded: count)
      return number
    }
  }

  /// What the trie says of a phrase: its entry in the lower 24 bits, the bits of its code above, so that a step needs to look nowhere else.
  private enum Phrase {
    /// There are fewer than 2^16 entries, and codes have 24 bits at most (``PhraseCode/maximumLength``).
    static func make(_ entry: Int, bits: UInt32) -> UInt32 { bits << 24 | UInt32(entry) }
    @inline(__always)
    static func entry(_ phrase: UInt32) -> UInt32 { phrase & 0xFF_FFFF }
    @inline(__always)
    static func bits(_ phrase: UInt32) -> UInt32 { phrase >> 24 }
  }

  /// Letters ahead of which the trie is asked for already.
  private static let preparedLetters = 4

  private let outputs: UnsafeMutablePointer<Output>
  private let path = Path()
  private let end: Output
  private let trie: PhraseTrie
  /// The entry of each single byte.
  private let bytes: [UInt32]
  /// For each entry the phrase it was made of; the end comes behind all phrases.
  private let order: [Int]
  /// Uses of each phrase in the sample, by the order in which the phrases were given.
  private let symbolCounts: [UInt64]
  /// Texts of the column for each of the sample.
  private let estimatedScale: Double
  /// Keeps the bytes of the entries.
  private let memory: StableArena

  deinit {
    outputs.deallocate()
    path.deallocate()
  }

  /// Phrases that were chosen for other texts of the same kind.
  package struct Learned: Sendable {
    /// Their bytes, one behind the other, the 256 single bytes first.
    fileprivate var bytes: [UInt8] = []
    fileprivate var ends: [UInt32] = []
    fileprivate var counts: [UInt64] = []
    /// Texts they were chosen for, and the bits each of their bytes took.
    fileprivate var texts = 0
    fileprivate var bitsPerByte = 0.0

    package var byteCount: Int { bytes.count + ends.count * 12 + 100 }
  }

  /// Texts that take so much more with phrases of others than these did get their own.
  private static let largestLoss = 1.1

  /// Takes over the phrases of others; `nil` where they do not suit the sample as they suited those.
  ///
  /// - Parameters:
  ///   - sample: texts of the column, spread evenly.
  ///   - rowCount: texts of the whole column.
  package convenience init?(sample: [UnsafeRawBufferPointer], rowCount: Int, learned: Learned) {
    guard !sample.isEmpty else { return nil }
    let memory = StableArena()
    let scale = Double(max(rowCount, sample.count)) / Double(sample.count)
    var phrases: [UnsafeRawBufferPointer] = []
    phrases.reserveCapacity(learned.ends.count)
    learned.bytes.withUnsafeBytes { bytes in
      var start = 0
      for end in learned.ends {
        let phrase = UnsafeRawBufferPointer(rebasing: bytes[start..<Int(end)])
        phrases.append(UnsafeRawBufferPointer(start: memory.copy(phrase), count: phrase.count))
        start = Int(end)
      }
    }
    let draft = PhraseBook(
      phrases, counts: learned.counts, ends: learned.texts, scale: scale, memory: memory)
    let (kept, uses) = Self.worthwhile(phrases, draft.uses(sample), scale, memory)
    self.init(kept, counts: uses, ends: sample.count, scale: scale, memory: memory)
    let bytes = sample.reduce(0) { $0 + $1.count }
    guard estimatedBits <= learned.bitsPerByte * Self.largestLoss * Double(bytes) * scale else { return nil }
  }

  /// What others can take over.
  ///
  /// - Parameter sample: what it was trained on.
  package func learned(from sample: [UnsafeRawBufferPointer]) -> Learned {
    var learned = Learned()
    let scale = estimatedScale
    // In the order in which they were given: single bytes first.
    var places = [Int](repeating: 0, count: order.count)
    for (entry, symbol) in order.enumerated() { places[symbol] = entry }
    for symbol in 0..<order.count - 1 {
      let entry = dictionary.entries[places[symbol]]
      learned.bytes += UnsafeRawBufferPointer(start: entry.base, count: Int(entry.count))
      learned.ends.append(UInt32(truncatingIfNeeded: learned.bytes.count))
    }
    learned.counts = symbolCounts
    learned.texts = sample.count
    let bytes = sample.reduce(0) { $0 + $1.count }
    learned.bitsPerByte = estimatedBits / scale / Double(max(1, bytes))
    return learned
  }

  /// Phrases that are used enough to earn their place in the dictionary, their bytes kept, and their uses.
  private static func worthwhile(
    _ phrases: [UnsafeRawBufferPointer], _ counts: [UInt64], _ scale: Double, _ memory: StableArena
  ) -> (phrases: [UnsafeRawBufferPointer], uses: [UInt64]) {
    var kept: [UnsafeRawBufferPointer] = []
    var uses: [UInt64] = []
    for (index, phrase) in phrases.enumerated() {
      let saved = Double(counts[index]) * scale * 12
      guard phrase.count == 1 || saved > Double(phrase.count * 4 + 16) else { continue }
      // The sample goes: phrases need bytes of their own.
      kept.append(UnsafeRawBufferPointer(start: memory.copy(phrase), count: phrase.count))
      uses.append(counts[index])
    }
    return (kept, uses)
  }

  /// Trains on a sample; `nil` when there is none.
  ///
  /// - Parameters:
  ///   - sample: texts of the column, spread evenly; must stay in place during the call.
  ///   - rowCount: texts of the whole column.
  package convenience init?(sample: [UnsafeRawBufferPointer], rowCount: Int) {
    guard !sample.isEmpty else { return nil }
    let memory = StableArena()
    let scale = Double(max(rowCount, sample.count)) / Double(sample.count)
    var trainer = PhraseTrainer(sample, scale: scale, memory: memory)
    let (phrases, greedy) = trainer.train()
    let draft = PhraseBook(
      phrases, counts: greedy.map(UInt64.init), ends: sample.count, scale: scale, memory: memory)
    let (kept, uses) = Self.worthwhile(phrases, draft.uses(sample), scale, memory)
    self.init(kept, counts: uses, ends: sample.count, scale: scale, memory: memory)
  }

  /// - Parameters:
  ///   - phrases: the 256 single bytes first.
  ///   - counts: uses of each phrase in the sample.
  ///   - ends: texts of the sample.
  private init(
    _ phrases: [UnsafeRawBufferPointer], counts: [UInt64], ends: Int, scale: Double, memory: StableArena
  ) {
    symbolCounts = counts
    estimatedScale = scale
    let symbols = counts + [UInt64(ends)]
    let lengths = PrefixCode.lengths(symbols)
    let texts = phrases + [UnsafeRawBufferPointer(start: memory.allocate(1), count: 0)]
    order = symbols.indices.sorted { left, right in
      lengths[left] != lengths[right]
        ? lengths[left] < lengths[right] : ByteSearch.order(texts[left], texts[right]) < 0
    }
    var trie = PhraseTrie(expectedNodes: symbols.count * 2)
    var entries: [TextPool.Entry] = []
    entries.reserveCapacity(symbols.count)
    var bytes = [UInt32](repeating: 0, count: 256)
    var classes = [UInt32](repeating: 0, count: Int(lengths.max() ?? 1))
    for length in lengths { classes[Int(length) - 1] += 1 }
    let code = PhraseCode(counts: classes, end: order.firstIndex(of: phrases.count) ?? 0)
    outputs = .allocate(capacity: symbols.count)
    var end = Output(code: 0, length: 0)
    var bits = 0.0
    for (entry, (symbol, word)) in zip(order, code?.codes() ?? []).enumerated() {
      outputs[entry] = Output(code: word.code, length: UInt32(word.length))
      let text = texts[symbol]
      if symbol == phrases.count { end = outputs[entry] }
      if text.count > 0 { _ = trie.insert(text, phrase: Phrase.make(entry, bits: outputs[entry].length)) }
      if text.count == 1 { bytes[Int(text[0])] = UInt32(entry) }
      entries.append(
        TextPool.Entry(base: text.baseAddress ?? memory.copy(text), count: UInt32(text.count), holes: 0))
      bits += Double(symbols[symbol]) * Double(word.length)
    }
    self.end = end
    self.bytes = bytes
    self.trie = trie
    self.memory = memory
    estimatedBits = bits * scale
    dictionary = ColumnDictionary(phrases: entries, code: code)
  }

  /// Bytes the dictionary takes in its file, roughly.
  package var estimatedDictionaryBytes: Int {
    dictionary.entries.reduce(0) { $0 + Int($1.count) } / 2 + dictionary.entries.count
  }

  /// How often each phrase is used in texts, by the order in which the phrases were given.
  private func uses(_ texts: [UnsafeRawBufferPointer]) -> [UInt64] {
    var counts = [UInt64](repeating: 0, count: order.count)
    for text in texts { takeApart(text) { counts[order[Int($0)]] += 1 } }
    return counts
  }

  /// Writes a text and its end.
  package func write(_ text: UnsafeRawBufferPointer, to target: inout BitWriter) {
    takeApart(text) { entry in
      let output = outputs[Int(entry)]
      target.append(output.code, bits: Int(output.length))
    }
    target.append(end.code, bits: Int(end.length))
  }

  /// Gives the phrases of a text in their order.
  @inline(__always)
  private func takeApart(_ text: UnsafeRawBufferPointer, _ body: (UInt32) -> Void) {
    guard let base = text.baseAddress else { return }
    var start = 0
    while start < text.count {
      var stop = min(text.count, start + Self.window)
      if stop < text.count {
        // Not through the middle of a letter, where that can be helped.
        var steps = 0
        while steps < 3, text[stop] & 0xC0 == 0x80 {
          stop -= 1
          steps += 1
        }
      }
      let letters = findPath(base + start, stop - start)
      emitPath(base + start, letters, body)
      start = stop
    }
  }

  /// A cheap way through a window, from its start; returns the letters of the window.
  ///
  /// A way that is clearly dearer than one that is farther on already is not followed: most letters inside of a phrase need not be looked at as the beginning of
  /// another. That is no longer the cheapest way there is, where a long phrase begins inside of a short one; of a city's store it took nothing that could be measured.
  private func findPath(_ base: UnsafeRawPointer, _ count: Int) -> Int {
    let (letters, bits, from, phrases) = (path.letters, path.bits, path.from, path.phrase)
    let letterCount = path.decode(base, count)
    bits.update(repeating: .max, count: letterCount + 1)
    bits[0] = 0
    // A cheap way to a letter that is still ahead; forgotten once it is reached, though others may be known.
    var (aheadPlace, aheadBits) = (0, UInt32.max)
    for start in 0..<letterCount {
      if start &+ Self.preparedLetters < letterCount { trie.prepare(letters[start &+ Self.preparedLetters]) }
      let reached = bits[start]
      if aheadPlace <= start {
        aheadBits = .max
      } else if reached > aheadBits &+ Self.leeway {
        // Also where no way came: one that is farther on did.
        continue
      }
      var node: UInt32 = 0
      var place = start
      while place < letterCount {
        let step = trie.step(from: node, letters[place])
        guard step.isFound else { break }
        place &+= 1
        if step.phrase != PhraseTrie.none {
          let cost = reached &+ Phrase.bits(step.phrase)
          if cost < bits[place] {
            bits[place] = cost
            from[place] = UInt32(truncatingIfNeeded: start)
            phrases[place] = Phrase.entry(step.phrase)
            if cost <= aheadBits { (aheadPlace, aheadBits) = (place, cost) }
          }
        }
        guard !step.isLeaf else { break }
        node = step.child
      }
      if bits[start &+ 1] == .max {
        // A letter without a phrase of its own.
        var cost = reached
        for index in path.starts[start]..<path.starts[start &+ 1] {
          cost &+= outputs[Int(bytes[Int(base.load(fromByteOffset: Int(index), as: UInt8.self))])].length
        }
        bits[start &+ 1] = cost
        from[start &+ 1] = UInt32(truncatingIfNeeded: start)
        phrases[start &+ 1] = Self.singleBytes
      }
    }
    return letterCount
  }

  private func emitPath(_ base: UnsafeRawPointer, _ letterCount: Int, _ body: (UInt32) -> Void) {
    // Turn the way round: `bits` is free to hold it.
    let steps = path.bits
    var length = 0
    var place = letterCount
    while place > 0 {
      steps[length] = UInt32(truncatingIfNeeded: place)
      length += 1
      place = Int(path.from[place])
    }
    for step in stride(from: length - 1, through: 0, by: -1) {
      let stop = Int(steps[step])
      guard path.phrase[stop] == Self.singleBytes else {
        body(path.phrase[stop])
        continue
      }
      for index in path.starts[Int(path.from[stop])]..<path.starts[stop] {
        body(bytes[Int(base.load(fromByteOffset: Int(index), as: UInt8.self))])
      }
    }
  }
}
