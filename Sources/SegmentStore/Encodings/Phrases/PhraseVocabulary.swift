// Owns a set of phrases that can be searched letter by letter: a trie, and walking texts letter by letter.
// Invariants: a letter is a whole UTF-8 character, or one byte where the bytes are none; letters of several bytes are larger than 255, so
// that the two never meet. Marked kernel: reads only inside the text it is given.
// Does not choose phrases.

/// Letters of texts.
package enum PhraseLetter {
  /// The letter at an offset, and its bytes.
  @inline(__always)
  package static func at(_ base: UnsafeRawPointer, _ offset: Int, _ end: Int) -> (letter: UInt32, count: Int)
  {
    let lead = UInt32(base.load(fromByteOffset: offset, as: UInt8.self))
    if lead < 0xC2 { return (lead, 1) }
    let count = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard lead < 0xF5, offset &+ count <= end else { return (lead, 1) }
    var letter = lead
    for index in 1..<count {
      let byte = UInt32(base.load(fromByteOffset: offset &+ index, as: UInt8.self))
      guard byte & 0xC0 == 0x80 else { return (lead, 1) }
      letter = letter << 8 | byte
    }
    return (letter, count)
  }
}

/// A trie over letters.
package struct PhraseTrie: ~Copyable {
  /// No child, no phrase.
  package static let none = UInt32.max

  private struct Slot {
    var key: UInt64 = .max
    /// With the highest bit where the child has children itself.
    var child: UInt32 = 0
    /// The phrase that ends at the child: it lies where the walk looks anyway.
    var phrase: UInt32 = PhraseTrie.none
  }

  /// Where a step leads.
  package struct Step {
    fileprivate(set) package var child: UInt32 = 0
    /// The phrase that ends at the child, or `none`.
    fileprivate(set) package var phrase: UInt32 = PhraseTrie.none
    fileprivate(set) package var isFound = false
    /// Whether no phrase goes on from the child.
    fileprivate(set) package var isLeaf = true
  }

  private static let hasChildren: UInt32 = 1 << 31
  private static let spread: UInt64 = 0x9E37_79B9_7F4A_7C15

  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private(set) var nodeCount = 1

  package init(expectedNodes: Int) {
    var size = 1024
    while size < expectedNodes * 2 { size *= 2 }
    slots = .allocate(capacity: size)
    slots.initialize(repeating: Slot(), count: size)
    mask = size - 1
  }

  deinit {
    slots.deallocate()
  }

  @inline(__always)
  private func place(_ key: UInt64) -> Int {
    var place = Int(truncatingIfNeeded: (key &* Self.spread) >> 24) & mask
    while slots[place].key != key, slots[place].key != .max { place = (place &+ 1) & mask }
    return place
  }

  /// Asks for the memory of the first step under a letter, without waiting.
  @inline(__always)
  package func prepare(_ letter: UInt32) {
    Prefetch.line(slots + (Int(truncatingIfNeeded: (UInt64(letter) &* Self.spread) >> 24) & mask))
  }

  /// The step from a node under a letter.
  @inline(__always)
  package func step(from node: UInt32, _ letter: UInt32) -> Step {
    let key = UInt64(node) << 32 | UInt64(letter)
    let slot = slots[place(key)]
    guard slot.key == key else { return Step() }
    return Step(
      child: slot.child & ~Self.hasChildren, phrase: slot.phrase, isFound: true,
      isLeaf: slot.child & Self.hasChildren == 0)
  }

  /// Adds a phrase; returns the one that was there already, or its own number.
  package mutating func insert(_ bytes: UnsafeRawBufferPointer, phrase: UInt32) -> UInt32 {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return phrase }
    var node: UInt32 = 0
    var last: UInt64 = 0
    var offset = 0
    while offset < bytes.count {
      let (letter, count) = PhraseLetter.at(base, offset, bytes.count)
      let key = UInt64(node) << 32 | UInt64(letter)
      node = grow(key, under: offset > 0 ? last : nil)
      last = key
      offset += count
    }
    let slot = place(last)
    if slots[slot].phrase == Self.none { slots[slot].phrase = phrase }
    return slots[slot].phrase
  }

  /// The child under a key, made where there is none.
  ///
  /// - Parameter parent: the key that leads to the node; `nil` at the root.
  private mutating func grow(_ key: UInt64, under parent: UInt64?) -> UInt32 {
    let found = place(key)
    if slots[found].key == key { return slots[found].child & ~Self.hasChildren }
    if let parent { slots[place(parent)].child |= Self.hasChildren }
    let child = UInt32(nodeCount)
    nodeCount += 1
    slots[found] = Slot(key: key, child: child)
    if nodeCount * 2 > mask { growSlots() }
    return child
  }

  private mutating func growSlots() {
    let old = slots
    let count = mask + 1
    slots = .allocate(capacity: count * 2)
    slots.initialize(repeating: Slot(), count: count * 2)
    mask = count * 2 - 1
    for index in 0..<count where old[index].key != .max { slots[place(old[index].key)] = old[index] }
    old.deallocate()
  }
}
