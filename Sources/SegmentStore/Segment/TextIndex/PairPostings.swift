// Owns the lists of an index that say in which groups of texts a pair of characters stands.
// Invariants: groups of a list ascend strictly and are below the count of groups; the bytes of a list follow from its groups alone; a list
// is read to its end or not at all. Marked kernel: bits are read eight bytes at a time, blocks have 16 readable bytes behind their end.
// Does not know pairs, only their buckets (TextPairs).
//
// page: 0 u8 width of counts  1 u8 width of lengths  2 u16 0  4 u32 bytes of lists
//       8 [packed counts of groups] [packed lengths in bytes] [lists]
// list: Rice-coded differences less 1, the first from -1: the upper part as so many 0 bits and a 1, then `shift` bits, least significant first;
//       shift = floor(log2(groups of the part / groups of the list))

/// Lists of groups, by bucket.
package struct PairPostings {
  /// Buckets of a page.
  package static let pageBuckets = 256

  private let groupCount: Int
  /// Where the list of each bucket begins, and the end of the last.
  private var starts: [Int]
  private let groups: UnsafeMutablePointer<UInt32>

  /// Gathers the lists of all groups; `deallocate` gives the memory back.
  ///
  /// - Parameter forEachText: visits the texts in their order.
  package init(
    textCount: Int, bits: Int, _ forEachText: @escaping ((UnsafeRawBufferPointer) -> Void) -> Void
  ) {
    groupCount = (textCount + SortedTexts.groupTexts - 1) / SortedTexts.groupTexts
    var seen = [UInt32](repeating: 0, count: 1 << bits)
    var counts = [Int](repeating: 0, count: 1 << bits + 1)
    func visit(_ body: (_ bucket: Int, _ group: UInt32) -> Void) {
      for bucket in seen.indices { seen[bucket] = .max }
      var number = 0
      forEachText { text in
        let group = UInt32(truncatingIfNeeded: number / SortedTexts.groupTexts)
        number += 1
        TextPairs.forEachBucket(text, bits: bits) { bucket in
          guard seen[bucket] != group else { return }
          seen[bucket] = group
          body(bucket, group)
        }
      }
    }
    visit { bucket, _ in counts[bucket + 1] += 1 }
    for bucket in 1..<counts.count { counts[bucket] += counts[bucket - 1] }
    starts = counts
    let groups = UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, counts[counts.count - 1]))
    visit { bucket, group in
      groups[counts[bucket]] = group
      counts[bucket] += 1
    }
    self.groups = groups
  }

  package func deallocate() { groups.deallocate() }

  package var pageCount: Int { (starts.count - 1) / Self.pageBuckets }

  /// Appends the raw bytes of a page.
  package func encodePage(_ page: Int, to arena: ByteArena) {
    let first = page * Self.pageBuckets
    let lists = ByteArena(capacity: 1 << 14)
    var counts: [Int] = []
    var lengths: [Int] = []
    for bucket in first..<first + Self.pageBuckets {
      let list = starts[bucket]..<starts[bucket + 1]
      let before = lists.count
      encode(list, to: lists)
      counts.append(list.count)
      lengths.append(lists.count - before)
    }
    let widths = [counts, lengths].map { BitPacking.width(of: UInt64($0.max() ?? 0)) }
    let start = arena.appendZeros(8)
    arena.store(UInt8(widths[0]), at: start)
    arena.store(UInt8(widths[1]), at: start + 1)
    arena.store(UInt32(truncatingIfNeeded: lists.count), at: start + 4)
    for (numbers, width) in zip([counts, lengths], widths) {
      BitPacking.append(count: numbers.count, width: width, to: arena) { UInt64(numbers[$0]) }
    }
    arena.append(lists.bytes)
  }

  /// Bits of the lower part of a difference.
  static func shift(groups: Int, of groupCount: Int) -> Int {
    max(0, BitPacking.width(of: UInt64(groupCount / max(1, groups))) - 1)
  }

  private func encode(_ list: Range<Int>, to arena: ByteArena) {
    guard !list.isEmpty else { return }
    let shift = Self.shift(groups: list.count, of: groupCount)
    var word: UInt64 = 0
    var filled = 0
    func put(_ value: UInt64, _ width: Int) {
      word |= value << UInt64(filled)
      filled += width
      while filled >= 8 {
        arena.store(UInt8(truncatingIfNeeded: word), at: arena.appendZeros(1))
        word >>= 8
        filled -= 8
      }
    }
    var next: UInt32 = 0
    for place in list {
      let difference = UInt64(groups[place] - next)
      next = groups[place] + 1
      var upper = Int(difference >> UInt64(shift))
      while upper >= 32 {
        put(0, 32)
        upper -= 32
      }
      put(1 << UInt64(upper), upper + 1)
      // Less than 8 bits wait, so that 32 more fit.
      put(difference & (1 << UInt64(shift) - 1), shift)
    }
    if filled > 0 { arena.store(UInt8(truncatingIfNeeded: word), at: arena.appendZeros(1)) }
  }
}

/// A page of lists, checked and ready to read.
package final class PostingsPage: Sendable {
  private let bytes: BlockBytes
  /// Groups of the part it was checked against.
  let groupCount: Int
  private let counts: [UInt32]
  private let offsets: [Int]
  /// What a list is that cannot be read.
  package let fault: StoreError

  package var cost: Int { bytes.count + counts.count * 12 + 160 }

  package init(
    _ header: BlockHeader, _ raw: BlockBytes, groupCount: Int, file: String, offset: Int64
  ) throws(StoreError) {
    let fault = StoreError.damaged("an impossible page of an index of texts", file: file, offset: offset)
    let buckets = PairPostings.pageBuckets
    guard Int(header.rowCount) == buckets, raw.count >= 8 else { throw fault }
    let widths = (Int(raw.load(0, as: UInt8.self)), Int(raw.load(1, as: UInt8.self)))
    let lengths = 8 + BitPacking.byteCount(buckets, width: min(widths.0, 32))
    let lists = lengths + BitPacking.byteCount(buckets, width: min(widths.1, 32))
    guard widths.0 <= 32, widths.1 <= 32, raw.load(2, as: UInt16.self) == 0, lists <= raw.count,
      lists + Int(raw.load(4, as: UInt32.self)) == raw.count
    else { throw fault }
    var counts: [UInt32] = []
    var offsets = [lists]
    for bucket in 0..<buckets {
      let count = Int(BitPacking.value(raw.base + 8, bucket, width: widths.0))
      let length = Int(BitPacking.value(raw.base + lengths, bucket, width: widths.1))
      // Each group takes a bit at least.
      guard count <= groupCount, count <= length * 8, length <= raw.count - offsets[bucket] else {
        throw fault
      }
      counts.append(UInt32(truncatingIfNeeded: count))
      offsets.append(offsets[bucket] + length)
    }
    guard offsets[buckets] == raw.count else { throw fault }
    bytes = raw
    self.groupCount = groupCount
    self.counts = counts
    self.offsets = offsets
    self.fault = fault
  }

  /// Whether its bytes are these.
  package func holds(_ other: UnsafeRawBufferPointer) -> Bool { bytes.buffer.elementsEqual(other) }

  /// Groups of a bucket's list.
  package func count(_ bucket: Int) -> Int { Int(counts[bucket]) }

  /// A walk through a bucket's list; the page must outlive it.
  package func cursor(_ bucket: Int, of groupCount: Int) -> PostingsCursor {
    PostingsCursor(
      base: bytes.base, bits: offsets[bucket] * 8..<offsets[bucket + 1] * 8, count: Int(counts[bucket]),
      groupCount: groupCount)
  }
}
