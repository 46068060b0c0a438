// Owns making a damaged journal whole where the frame behind the damage proves what stood there.
// Invariants: nothing is guessed: a mended frame has the checksum that the next frame names as that of the frame before it, a mended header the one that the
// first frame names.
// Does not write anything, and does not mend two frames side by side.

/// Mends journals in memory: a header, the head of a frame, or a single bit of its body (存储介质位翻转).
package struct JournalMending {
  /// Bodies in which each bit is tried: some seconds of work at most.
  private static let maximumBodyBytes = 64 << 10

  private let number: UInt64
  private let store: StoreIdentifier

  package init(number: UInt64, store: StoreIdentifier) {
    self.number = number
    self.store = store
  }

  /// The header made anew from what is known of the store, where the first frame names its checksum; `nil` where none does.
  package func header(of journal: [UInt8]) -> [UInt8]? {
    let size = JournalFormat.headerSize
    guard journal.count >= size + JournalFrame.headerSize else { return nil }
    let salt = Self.load(journal, size + 8)
    let header = JournalFormat.header(store: store, number: number, salt: salt)
    guard XXHash64.hash(header) == Self.load(journal, size + 24) else { return nil }
    return header + journal[size...]
  }

  /// The journal with the frame behind what was read made whole; `nil` where nothing proves what it was.
  ///
  /// - Parameter read: what stands before the damage.
  package func frame(of journal: [UInt8], behind read: JournalContents) -> [UInt8]? {
    let start = Int(read.nextOffset)
    guard let last = journal.lastIndex(where: { $0 != 0 }),
      let next = JournalReader.nextFrame(journal, from: start, through: last, salt: read.salt),
      next.frame.number == read.nextFrame + 1
    else { return nil }
    let room = next.offset - start - JournalFrame.headerSize
    guard (0...JournalFrame.maximumBody).contains(room) else { return nil }
    let named = Int(UInt32(truncatingIfNeeded: Self.load(journal, start + 32)))
    let lengths = max(0, room - 7)...room
    let body = start + JournalFrame.headerSize
    func proof(_ length: Int) -> Proof {
      Proof(
        header: Self.head(length, read), salt: read.salt, offset: read.nextOffset,
        checksum: next.frame.previous)
    }
    // The body may be whole, and its length what was damaged; a turned bit in it is looked for where its length can be believed.
    let whole = lengths.first { proof($0).holds(Array(journal[body..<body + $0])) }
    let candidates = whole.map { [$0] } ?? (lengths.contains(named) ? [named] : [])
    for length in candidates {
      guard
        let bytes = proof(length).mended(journal[body..<body + length], maximum: Self.maximumBodyBytes)
      else { continue }
      var mended = journal
      let frame = JournalFrame.encode(
        kind: length == 0 ? .close : .commit, salt: read.salt, number: read.nextFrame,
        previous: read.lastChecksum, body: bytes, offset: read.nextOffset
      ).bytes
      mended.replaceSubrange(start..<start + frame.count, with: frame)
      return mended
    }
    return nil
  }

  /// The first 40 bytes of the frame: all of them follow from what stands before, but the length.
  private static func head(_ length: Int, _ read: JournalContents) -> [UInt8] {
    let empty = JournalFrame.encode(
      kind: length == 0 ? .close : .commit, salt: read.salt, number: read.nextFrame,
      previous: read.lastChecksum, body: [], offset: read.nextOffset
    ).bytes
    var head = Array(empty[..<40])
    withUnsafeBytes(of: UInt32(length).littleEndian) { head.replaceSubrange(32..<36, with: $0) }
    return head
  }

  private static func load(_ bytes: [UInt8], _ place: Int) -> UInt64 {
    bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt64.self)) }
  }

  /// What a frame must be.
  private struct Proof {
    var header: [UInt8]
    var salt: UInt64
    var offset: Int64
    var checksum: UInt64

    func holds(_ body: [UInt8]) -> Bool {
      JournalFrame.checksum(header: header, body: body[...], salt: salt, offset: offset) == checksum
    }

    /// The body as it is, or with one bit turned, whichever is proved.
    func mended(_ slice: ArraySlice<UInt8>, maximum: Int) -> [UInt8]? {
      var body = Array(slice)
      if holds(body) { return body }
      guard body.count <= maximum else { return nil }
      for place in body.indices {
        for bit in 0..<8 {
          body[place] ^= 1 << bit
          if holds(body) { return body }
          body[place] ^= 1 << bit
        }
      }
      return nil
    }
  }
}
