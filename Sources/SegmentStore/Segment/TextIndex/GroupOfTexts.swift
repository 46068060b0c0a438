// Owns the texts of one group of an index, put together one behind the other.
// Invariants: `ends` ascend; a text shares at most the bytes of the one before it. Marked kernel: callers reserve what they append.
// Does not read blocks.

/// The texts of a group.
package final class GroupOfTexts {
  private var base = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 8)
  private var capacity = 2048
  private let ends = UnsafeMutablePointer<Int>.allocate(capacity: SortedTexts.groupTexts)
  package private(set) var count = 0

  package init() {}

  deinit {
    base.deallocate()
    ends.deallocate()
  }

  func removeAll(reserving bytes: Int) {
    count = 0
    guard bytes > capacity else { return }
    base.deallocate()
    base = .allocate(byteCount: bytes, alignment: 8)
    capacity = bytes
  }

  /// Appends a text: bytes it shares with the one before, and the rest.
  @inline(__always)
  func append(sharing shared: Int, _ rest: UnsafeRawPointer, count restCount: Int) {
    let start = count > 0 ? ends[count - 1] : 0
    if shared > 0 {
      let previous = count > 1 ? ends[count - 2] : 0
      (base + start).copyMemory(from: base + previous, byteCount: shared)
    }
    (base + start + shared).copyMemory(from: rest, byteCount: restCount)
    ends[count] = start + shared + restCount
    count += 1
  }

  /// The bytes of a text, valid until the next group is read.
  @inline(__always)
  package func text(_ index: Int) -> UnsafeRawBufferPointer {
    let start = index > 0 ? ends[index - 1] : 0
    return UnsafeRawBufferPointer(start: base + start, count: ends[index] - start)
  }

  /// The first text from one on that has some bytes; `nil` when there is none.
  func firstText(from index: Int, containing part: UnsafeRawBufferPointer) -> Int? {
    guard index < count else { return nil }
    // All texts are searched at once: most groups have the bytes nowhere.
    var text = index
    var start = index > 0 ? ends[index - 1] : 0
    while let found = ByteSearch.place(
      of: part, in: UnsafeRawBufferPointer(start: base + start, count: ends[count - 1] - start))
    {
      let place = start + found
      while ends[text] <= place { text += 1 }
      if place + part.count <= ends[text] { return text }
      start = place + 1
    }
    return nil
  }
}
