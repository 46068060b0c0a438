// Owns choosing the phrases of a column from a sample of its texts.
// Invariants: every single byte is a phrase, so that any text can be written; the same sample gives the same phrases; memory is bounded by
// the sample. Marked kernel: pointers stay inside the sample, which the caller keeps alive.
// Does not encode texts (PhraseBook).
//
// The way of FSST (Boncz, Leis, Neumann, PVLDB 2020) with a vocabulary of tens of thousands instead of 255: begin with letters; again and
// again take the sample apart greedily, count phrases and neighbours, and keep those that save the most bits. Phrases double in length
// with every round.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Chooses phrases.
package struct PhraseTrainer: ~Copyable {
  /// Phrases of more than one letter at most.
  private static let phraseLimit = 32_000
  /// Letters that get a phrase of their own at most; rarer ones are written byte by byte.
  private static let letterLimit = 16_000
  /// Bytes of a phrase at most.
  package static let phraseBytes = 240
  private static let rounds = 10
  /// A round that takes the sample apart into hardly fewer phrases than the one before is the last.
  private static let leastGain: Float = 0.005
  /// Bits a phrase costs in the dictionary, measured: its pages compress to less than half.
  private static func storageBits(_ bytes: Int) -> Float { Float(bytes) * 4 + 8 }

  private let texts: [UnsafeRawBufferPointer]
  /// Rows of the column for each of the sample.
  private let scale: Float
  private let memory: StableArena
  /// Distinct pairs counted at most in a round: those that come often come early.
  private let pairLimit: Int
  private var entries: [UnsafeRawBufferPointer] = []
  private var letterCount = 0

  /// - Parameters:
  ///   - texts: the sample.
  ///   - scale: rows of the column for each of the sample.
  ///   - memory: where phrases are kept; must outlive what is made of them.
  package init(_ texts: [UnsafeRawBufferPointer], scale: Double, memory: StableArena) {
    self.texts = texts
    self.scale = Float(scale)
    self.memory = memory
    pairLimit = max(1 << 14, texts.reduce(0) { $0 + $1.count } / 8)
  }

  /// The chosen phrases and their uses in the sample: first all single bytes in their order, then letters, then longer ones.
  package mutating func train() -> (phrases: [UnsafeRawBufferPointer], counts: [UInt32]) {
    chooseLetters()
    var phrases = Float.infinity
    for _ in 0..<Self.rounds {
      let before = improve()
      guard before < phrases * (1 - Self.leastGain) else { break }
      phrases = before
    }
    var counts = [UInt32](repeating: 0, count: entries.count)
    var pairs = PairCounts(limit: 0)
    count(&counts, &pairs)
    return (entries, counts)
  }

  private mutating func chooseLetters() {
    for byte in 0..<256 {
      let place = memory.allocate(1)
      place.storeBytes(of: UInt8(byte), as: UInt8.self)
      entries.append(UnsafeRawBufferPointer(start: place, count: 1))
    }
    var counts: [UInt32: (count: Int, place: UnsafeRawPointer, bytes: Int)] = [:]
    for text in texts {
      guard let base = text.baseAddress else { continue }
      var offset = 0
      while offset < text.count {
        let (letter, count) = PhraseLetter.at(base, offset, text.count)
        if count > 1 { counts[letter, default: (0, base + offset, count)].count += 1 }
        offset += count
      }
    }
    let chosen = counts.sorted {
      $0.value.count != $1.value.count ? $0.value.count > $1.value.count : $0.key < $1.key
    }
    for (_, letter) in chosen.prefix(Self.letterLimit) {
      entries.append(UnsafeRawBufferPointer(start: letter.place, count: letter.bytes))
    }
    letterCount = entries.count
  }

  private struct Candidate {
    var gain: Float
    var bytes: UnsafeRawBufferPointer
    /// Breaks ties, so that the outcome does not depend on a hash table's order.
    var number: Int
  }

  /// One round: count, and keep what saves the most; returns the phrases that the sample had before.
  private mutating func improve() -> Float {
    var counts = [UInt32](repeating: 0, count: entries.count)
    var pairs = PairCounts(limit: pairLimit)
    var total: Float = 0
    count(&counts, &pairs)
    for count in counts { total += Float(count) }
    total += Float(texts.count)
    let costs = counts.map { log2(total / max(Float($0), 0.3)) }
    var candidates: [Candidate] = []
    for index in letterCount..<entries.count where counts[index] > 0 {
      // What its parts would cost: two phrases of middling frequency.
      let gain = Float(counts[index]) * scale * (22 - costs[index]) - Self.storageBits(entries[index].count)
      if gain > 0 { candidates.append(Candidate(gain: gain, bytes: entries[index], number: index)) }
    }
    let scale = scale
    let entries = entries
    pairs.forEach { left, right, count, place in
      let bytes = entries[left].count + entries[right].count
      let occurrences = Float(count) * scale
      guard occurrences >= 4, bytes <= Self.phraseBytes else { return }
      let cost = log2(total / Float(count))
      let gain = occurrences * (costs[left] + costs[right] - cost) - Self.storageBits(bytes)
      guard gain > 0 else { return }
      candidates.append(
        Candidate(
          gain: gain, bytes: UnsafeRawBufferPointer(start: place, count: bytes),
          number: entries.count + left * entries.count + right))
    }
    candidates.sort { $0.gain != $1.gain ? $0.gain > $1.gain : $0.number < $1.number }
    keep(candidates)
    return total
  }

  private mutating func keep(_ candidates: [Candidate]) {
    var next = Array(entries[..<letterCount])
    var trie = PhraseTrie(expectedNodes: candidates.count)
    for candidate in candidates {
      guard next.count < letterCount + Self.phraseLimit else { break }
      // The same bytes may come as a phrase and as a pair, or as two pairs.
      let number = UInt32(next.count)
      if trie.insert(candidate.bytes, phrase: number) == number { next.append(candidate.bytes) }
    }
    entries = next
  }

  /// Takes the sample apart, always by the longest phrase.
  private func count(_ counts: inout [UInt32], _ pairs: inout PairCounts) {
    var trie = PhraseTrie(expectedNodes: entries.count * 2)
    for (index, bytes) in entries.enumerated() { _ = trie.insert(bytes, phrase: UInt32(index)) }
    counts.withUnsafeMutableBufferPointer { counts in
      for text in texts {
        guard let base = text.baseAddress else { continue }
        var offset = 0
        var previous = PhraseTrie.none
        var previousPlace = base
        while offset < text.count {
          let (phrase, bytes) = longest(trie, base, offset, text.count)
          counts[Int(phrase)] &+= 1
          if previous != PhraseTrie.none { pairs.add(previous, phrase, place: previousPlace) }
          previous = phrase
          previousPlace = base + offset
          offset += bytes
        }
      }
    }
  }

  @inline(__always)
  private func longest(
    _ trie: borrowing PhraseTrie, _ base: UnsafeRawPointer, _ offset: Int, _ end: Int
  ) -> (phrase: UInt32, bytes: Int) {
    var best = UInt32(base.load(fromByteOffset: offset, as: UInt8.self))
    var bestBytes = 1
    var node: UInt32 = 0
    var place = offset
    while place < end {
      let (letter, count) = PhraseLetter.at(base, place, end)
      let step = trie.step(from: node, letter)
      guard step.isFound else { break }
      place &+= count
      if step.phrase != PhraseTrie.none {
        best = step.phrase
        bestBytes = place &- offset
      }
      guard !step.isLeaf else { break }
      node = step.child
    }
    return (best, bestBytes)
  }
}

/// Counts of neighbours, and a place where each pair stands.
private struct PairCounts: ~Copyable {
  private struct Slot {
    var key: UInt64 = .max
    var place: UnsafeRawPointer?
    var count: UInt32 = 0
  }

  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private var used = 0
  private let limit: Int

  init(limit: Int) {
    self.limit = limit
    mask = (1 << 14) - 1
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: Slot(), count: mask + 1)
  }

  deinit { slots.deallocate() }

  @inline(__always)
  private func find(_ key: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 24) & mask
    while slots[place].key != key, slots[place].key != .max { place = (place &+ 1) & mask }
    return place
  }

  @inline(__always)
  mutating func add(_ left: UInt32, _ right: UInt32, place: UnsafeRawPointer) {
    let key = UInt64(left) << 32 | UInt64(right)
    let found = find(key)
    if slots[found].key == key {
      slots[found].count &+= 1
    } else if used < limit {
      slots[found] = Slot(key: key, place: place, count: 1)
      used += 1
      if used * 2 > mask { grow() }
    }
  }

  private mutating func grow() {
    let old = slots
    let count = mask + 1
    slots = .allocate(capacity: count * 2)
    slots.initialize(repeating: Slot(), count: count * 2)
    mask = count * 2 - 1
    for index in 0..<count where old[index].key != .max { slots[find(old[index].key)] = old[index] }
    old.deallocate()
  }

  func forEach(_ body: (_ left: Int, _ right: Int, _ count: UInt32, _ place: UnsafeRawPointer) -> Void) {
    for index in 0...mask {
      guard slots[index].key != .max, let place = slots[index].place else { continue }
      body(Int(slots[index].key >> 32), Int(slots[index].key & 0xFFFF_FFFF), slots[index].count, place)
    }
  }
}
