// Owns finding texts in one part of an index, in the order of the index.
// Invariants: what it gives is all texts that fit, shorter ones first, among equals by their bytes; blocks are read when the walk comes to them.
// Does not decide how well a text fits.

/// What an index is asked.
package enum TextIndexQuestion: Sendable {
  /// The text itself.
  case equal([UInt8])
  /// Texts that begin so.
  case prefix([UInt8])
  /// Texts with these bytes somewhere: whole characters.
  case containing([UInt8])
}

/// Walks the texts of a part that fit a question.
package final class TextIndexWalk {
  private let segment: SegmentReader
  private let part: TextIndexPart
  private let question: TextIndexQuestion
  private var block: SortedTextBlock?
  private var blockNumber = -1
  private let group = GroupOfTexts()
  private var groupNumber = -1
  /// The next text to look at, by its place in the part.
  private var next = 0
  /// Of a prefix: the length to go on with, by its place among the lengths.
  private var length = 0
  private var isPositioned = false
  /// Of contained bytes: the lists whose common groups may have them; none = all groups.
  private let cursors: UnsafeMutablePointer<PostingsCursor>
  private var cursorCount = 0
  /// Keeps the lists in memory.
  private var pages: [PostingsPage] = []
  private var usesLists: Bool { cursorCount > 0 }
  /// Lists that are looked into at most: the shortest ones.
  private static let maximumLists = 16
  /// Pairs of a question that are looked up at most: more tell little more.
  private static let maximumPairs = 32
  /// The group looked into; -1 before the first.
  private var candidate = -1
  private var isOver = false
  private var wanted: WantedBytes?
  private let isCancelled: () -> Bool
  private var looked = 0
  /// The text found last, by its place in the part.
  private var found = 0

  /// - Parameter isCancelled: asked now and then; `cancelled` is thrown when it says so.
  package init(
    _ segment: SegmentReader, _ index: TextIndex, part: Int, _ question: TextIndexQuestion,
    isCancelled: @escaping () -> Bool = { false }
  ) throws(StoreError) {
    self.segment = segment
    self.part = index.parts[part]
    self.question = question
    self.isCancelled = isCancelled
    cursors = .allocate(capacity: Self.maximumLists)
    let longest = self.part.lengths.last?.length ?? 0
    switch question {
    case .equal: break
    case .prefix(let bytes) where bytes.count > longest: isOver = true
    case .containing(let bytes) where bytes.count > longest: isOver = true
    case .prefix(let bytes):
      // Halving is done once for each length that occurs; where fewer groups can have the text, looking into these is less work.
      let lists = try lists(bytes)
      if let shortest = lists.first, shortest.page.count(shortest.bucket) < self.part.lengths.count {
        use(lists)
      }
    case .containing(let bytes):
      use(try lists(bytes))
      wanted = WantedBytes(bytes)
    }
  }

  deinit { cursors.deallocate() }

  /// The text found last; valid until the walk goes on.
  @inline(__always)
  package func withText<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(group.text(found % SortedTexts.groupTexts))
  }

  /// The row of the segment in which the text found last stands.
  package var row: UInt32 { block?.row(found % SortedTexts.blockTexts) ?? 0 }

  /// Goes to the next text that fits; false when there is none.
  package func advance() throws(StoreError) -> Bool {
    switch question {
    case .equal(let text): try advance(equalTo: text)
    case .prefix(let text):
      try usesLists ? advance(containing: text, isPrefix: true) : advance(prefix: text)
    case .containing(let text): try advance(containing: text, isPrefix: false)
    }
  }

  // MARK: Reading

  private func read(group number: Int) throws(StoreError) {
    guard number != groupNumber else { return }
    let wanted = number / (SortedTexts.blockTexts / SortedTexts.groupTexts)
    let block = try read(block: wanted)
    block.read(group: number % (SortedTexts.blockTexts / SortedTexts.groupTexts), into: group)
    groupNumber = number
  }

  private func read(block number: Int) throws(StoreError) -> SortedTextBlock {
    if let block, blockNumber == number { return block }
    let read = try segment.sortedTexts(number, of: part)
    block = read
    blockNumber = number
    return read
  }

  // MARK: By order

  /// The place of the first text that is not before another, by length and bytes.
  private func lowerBound(_ text: UnsafeRawBufferPointer) throws(StoreError) -> Int {
    var (low, high) = (0, part.blocks.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if part.withFence(middle, { SortedTexts.order($0, text) }) < 0 { low = middle } else { high = middle }
    }
    let block = try read(block: low)
    let firstGroup = low * (SortedTexts.blockTexts / SortedTexts.groupTexts)
    var (first, last) = (0, block.groupCount)
    while last - first > 1 {
      let middle = (first + last) / 2
      if block.order(firstOf: middle, text) < 0 { first = middle } else { last = middle }
    }
    try read(group: firstGroup + first)
    var place = 0
    while place < group.count, SortedTexts.order(group.text(place), text) < 0 { place += 1 }
    return (firstGroup + first) * SortedTexts.groupTexts + place
  }

  private func position(_ text: [UInt8]) throws(StoreError) {
    // Only its bytes are borrowed while blocks are read.
    let count = text.count
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: text)
    next = try lowerBound(UnsafeRawBufferPointer(rebasing: copy[..<count]))
  }

  private func advance(equalTo text: [UInt8]) throws(StoreError) -> Bool {
    guard part.lengths.contains(where: { $0.length == text.count }) else { return false }
    if !isPositioned {
      try position(text)
      isPositioned = true
    }
    guard next < part.textCount else { return false }
    try read(group: next / SortedTexts.groupTexts)
    guard group.text(next % SortedTexts.groupTexts).elementsEqual(text) else { return false }
    found = next
    next += 1
    return true
  }

  private func advance(prefix text: [UInt8]) throws(StoreError) -> Bool {
    while !isOver, length < part.lengths.count {
      let (bytes, first) = part.lengths[length]
      let end = length + 1 < part.lengths.count ? part.lengths[length + 1].first : part.textCount
      if bytes >= text.count {
        if !isPositioned {
          // The smallest text of this length that begins so.
          try position(text + [UInt8](repeating: 0, count: bytes - text.count))
          next = max(next, first)
          isPositioned = true
        }
        if next < end {
          try read(group: next / SortedTexts.groupTexts)
          if group.text(next % SortedTexts.groupTexts).starts(with: text) {
            found = next
            next += 1
            return true
          }
        }
      }
      length += 1
      isPositioned = false
    }
    return false
  }

  // MARK: By pairs

  private typealias List = (page: PostingsPage, bucket: Int)

  /// The lists of the pairs of some bytes, the shortest first.
  private func lists(_ bytes: [UInt8]) throws(StoreError) -> [List] {
    var buckets: Set<Int> = []
    bytes.withUnsafeBytes { bytes in
      TextPairs.forEachBucket(bytes, bits: part.bucketBits) { bucket in
        if buckets.count < Self.maximumPairs { buckets.insert(bucket) }
      }
    }
    var lists: [List] = []
    for bucket in buckets {
      let page = try segment.postings(bucket / PairPostings.pageBuckets, of: part)
      lists.append((page, bucket % PairPostings.pageBuckets))
    }
    return lists.sorted { $0.page.count($0.bucket) < $1.page.count($1.bucket) }
  }

  private func use(_ lists: [List]) {
    guard let shortest = lists.first else { return }
    // Looking into a few groups costs less than reading a long list; a bitmap is only asked.
    let limit = shortest.page.count(shortest.bucket) * 64
    for list in lists where cursorCount < Self.maximumLists {
      let cursor = list.page.cursor(list.bucket, of: part.groupCount)
      guard cursor.count <= limit || cursor.isBitmap else { continue }
      (cursors + cursorCount).initialize(to: cursor)
      cursorCount += 1
      pages.append(list.page)
    }
  }

  /// The next group that stands in all lists, or simply the next one without lists; `nil` at the end.
  private func nextCandidate() throws(StoreError) -> Int? {
    guard usesLists else { return candidate + 1 < part.groupCount ? candidate + 1 : nil }
    var group = cursors[0].next()
    var place = 1
    while group >= 0, place < cursorCount {
      let found = cursors[place].probe(group)
      if found == group {
        place += 1
      } else {
        // The first list must come to what the other has.
        if found == PostingsCursor.damaged { throw damage(of: place) }
        group = found < 0 ? found : cursors[0].walk(to: found)
        place = 1
      }
    }
    if group == PostingsCursor.damaged { throw damage(of: 0) }
    return group < 0 ? nil : group
  }

  private func damage(of list: Int) -> StoreError {
    isOver = true
    return pages[list].fault
  }

  /// Whether a group is worth being put together.
  private func mayHave(_ number: Int) throws(StoreError) -> Bool {
    guard number != groupNumber, let wanted, wanted.canBeProbed else { return true }
    let groups = SortedTexts.blockTexts / SortedTexts.groupTexts
    return try read(block: number / groups).mayContain(wanted, group: number % groups)
  }

  private func advance(containing text: [UInt8], isPrefix: Bool) throws(StoreError) -> Bool {
    while !isOver {
      if candidate >= 0, try mayHave(candidate) {
        try read(group: candidate)
        let first = candidate * SortedTexts.groupTexts
        var place = max(0, next - first)
        while let fitting = text.withUnsafeBytes({ group.firstText(from: place, containing: $0) }) {
          place = fitting + 1
          guard !isPrefix || group.text(fitting).starts(with: text) else { continue }
          found = first + fitting
          next = found + 1
          return true
        }
      }
      guard let following = try nextCandidate() else {
        isOver = true
        return false
      }
      candidate = following
      looked += 1
      if looked.isMultiple(of: 512), isCancelled() {
        throw StoreError(.cancelled, "the question was cancelled")
      }
    }
    return false
  }
}
