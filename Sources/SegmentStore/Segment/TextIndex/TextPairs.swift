// Owns the pairs of neighbouring characters of a text, and the buckets into which an index sorts them.
// Invariants: frozen by docs/file-format.md, because indexes on disk are built on it; bytes that are no UTF-8 give some pairs, the same each
// time. Marked kernel: reads only the bytes given.

/// Pairs of characters that stand beside each other.
package enum TextPairs {
  /// Buckets are 2 to the power of this at least and at most.
  package static let bucketBits = 8...20

  /// Buckets for an index of so many texts: about one for every eight texts.
  package static func bits(forTexts count: Int) -> Int {
    min(max(BitPacking.width(of: UInt64(count / 8)), bucketBits.lowerBound), bucketBits.upperBound)
  }

  /// Gives the bucket of each pair of neighbours.
  @inline(__always)
  package static func forEachBucket(
    _ text: UnsafeRawBufferPointer, bits: Int, _ body: (Int) -> Void
  ) {
    var previous: UInt64?
    var place = 0
    while place < text.count {
      let byte = text[place]
      let length = min(byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4, text.count - place)
      var character: UInt64 = 0
      for index in place..<place + length { character = character << 8 | UInt64(text[index]) }
      if let previous { body(bucket(previous, character, bits: bits)) }
      previous = character
      place += length
    }
  }

  /// The bucket of two characters, each as its UTF-8 bytes in one number, the first byte highest.
  @inline(__always)
  private static func bucket(_ first: UInt64, _ second: UInt64, bits: Int) -> Int {
    let mixed = (first << 32 | second) &* 0x9E37_79B9_7F4A_7C15
    let spread = (mixed ^ mixed >> 29) &* 0xBF58_476D_1CE4_E5B9
    return Int(truncatingIfNeeded: spread >> UInt64(64 - bits))
  }
}
