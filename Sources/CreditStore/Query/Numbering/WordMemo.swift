// Owns what a numbering knows of the words of the dictionary at hand, by their codes.
// Invariants: holds for one chunk; the place behind all codes stands for "no value". Marked kernel: codes are below `count`.

/// What is known of the words of one dictionary.
struct WordMemo {
  static let template = UInt32.max - 1
  static let unknown = UInt32.max
  /// From here on no number is meant.
  static let special = template

  private var memory: Memory?
  private var chunk = -1
  private(set) var count = 0
  /// By code, and behind all codes what stands for "no value".
  var places: UnsafeMutablePointer<UInt32> { memory?.base ?? Memory.none }
  var absent: UInt32 { UInt32(count) }

  /// Begins with the dictionary of a chunk; false when it is the present one.
  mutating func begin(_ chunk: Int, count: Int) -> Bool {
    guard chunk != self.chunk else { return false }
    self.chunk = chunk
    self.count = count
    if memory.map({ $0.capacity <= count }) ?? true { memory = Memory(capacity: count + 1) }
    places.update(repeating: Self.unknown, count: count)
    places[count] = 0
    return true
  }

  private final class Memory {
    nonisolated(unsafe) static let none = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    let base: UnsafeMutablePointer<UInt32>
    let capacity: Int
    init(capacity: Int) {
      self.capacity = capacity
      base = .allocate(capacity: capacity)
    }
    deinit { base.deallocate() }
  }
}
