// Owns counting different 128-bit keys without numbering them: keys are dealt out by their hash to stretches that fit the processor's cache.
// Invariants: a key is always dealt to the same stretch; taking out doubles changes no count. Marked kernel: indexes stay below the counts
// they were allocated for.
// Does not know what a key stands for.

import SegmentStore
import Synchronization

/// Keys in which only the number of different ones is of interest.
final class DistinctKeys {
  private static let stretchBits = 10
  private static let stretchCount = 1 << stretchBits

  private struct Stretch {
    var keys: UnsafeMutablePointer<UInt128>?
    var count = 0
    var capacity = 0

    mutating func grow() {
      let larger = UnsafeMutablePointer<UInt128>.allocate(capacity: max(32, capacity * 2))
      if let keys {
        larger.moveInitialize(from: keys, count: count)
        keys.deallocate()
      }
      (keys, capacity) = (larger, max(32, capacity * 2))
    }
  }

  private let stretches: UnsafeMutablePointer<Stretch>
  /// Bytes of the keys; doubles may be among them.
  private(set) var byteCount = 0

  init() {
    stretches = .allocate(capacity: Self.stretchCount)
    stretches.initialize(repeating: Stretch(), count: Self.stretchCount)
  }

  deinit {
    for stretch in 0..<Self.stretchCount { stretches[stretch].keys?.deallocate() }
    stretches.deallocate()
  }

  @inline(__always)
  private static func hash(_ key: UInt128) -> UInt64 {
    let (low, high) = (UInt64(truncatingIfNeeded: key), UInt64(truncatingIfNeeded: key >> 64))
    let product = (low ^ high &* 0xD6E8_FEB8_6659_FD93) &* 0x9E37_79B9_7F4A_7C15
    return (product ^ product >> 32) &* 0xBF58_476D_1CE4_E5B9
  }

  /// Adds a key.
  @inline(__always)
  func add(_ key: UInt128) {
    let stretch = stretches + Int(truncatingIfNeeded: Self.hash(key) >> UInt64(64 - Self.stretchBits))
    if stretch.pointee.count == stretch.pointee.capacity { grow(stretch) }
    // There is room now, and memory with it.
    stretch.pointee.keys?[stretch.pointee.count] = key
    stretch.pointee.count &+= 1
  }

  private func grow(_ stretch: UnsafeMutablePointer<Stretch>) {
    byteCount -= stretch.pointee.capacity * 16
    stretch.pointee.grow()
    byteCount += stretch.pointee.capacity * 16
  }

  /// Takes out doubles.
  func removeDoubles() {
    let table = Table()
    for stretch in 0..<Self.stretchCount {
      guard let keys = stretches[stretch].keys else { continue }
      table.begin(stretches[stretch].count)
      var kept = 0
      for place in 0..<stretches[stretch].count where table.insert(keys[place], Self.hash(keys[place])) {
        keys[kept] = keys[place]
        kept += 1
      }
      stretches[stretch].count = kept
      shrink(stretches + stretch)
    }
  }

  /// Gives memory back that the keys do not need, but for room to grow by half.
  private func shrink(_ stretch: UnsafeMutablePointer<Stretch>) {
    var capacity = 32
    while capacity < stretch.pointee.count + stretch.pointee.count / 2 { capacity *= 2 }
    guard capacity < stretch.pointee.capacity, let keys = stretch.pointee.keys else { return }
    let smaller = UnsafeMutablePointer<UInt128>.allocate(capacity: capacity)
    smaller.moveInitialize(from: keys, count: stretch.pointee.count)
    keys.deallocate()
    byteCount -= (stretch.pointee.capacity - capacity) * 16
    (stretch.pointee.keys, stretch.pointee.capacity) = (smaller, capacity)
  }

  private struct Shared: @unchecked Sendable {
    // Sendable because no key is added or removed while the threads count.
    let sources: [DistinctKeys]
  }

  /// How many different keys there are in several collections together.
  static func count(_ sources: [DistinctKeys], threads: Int) -> Int {
    let next = Atomic<Int>(0)
    let total = Atomic<Int>(0)
    let shared = Shared(sources: sources)
    WorkerThreads.run(count: max(1, threads)) { _ in
      let table = Table()
      var found = 0
      while true {
        let stretch = next.add(1, ordering: .relaxed).oldValue
        guard stretch < stretchCount else { break }
        table.begin(shared.sources.reduce(0) { $0 + $1.stretches[stretch].count })
        for source in shared.sources {
          guard let keys = source.stretches[stretch].keys else { continue }
          for place in 0..<source.stretches[stretch].count where table.insert(keys[place], hash(keys[place]))
          {
            found &+= 1
          }
        }
      }
      total.add(found, ordering: .relaxed)
    }
    return total.load(ordering: .relaxed)
  }

  /// The keys of one stretch that were met.
  private final class Table {
    private var slots = UnsafeMutablePointer<UInt128>.allocate(capacity: 1)
    private var capacity = 1
    private var mask = 0
    /// A free slot holds this key; whether it was met itself stands beside.
    private static let free = UInt128.max
    private var hasMetFree = false

    deinit { slots.deallocate() }

    /// Begins with room for so many keys.
    func begin(_ count: Int) {
      var size = 64
      while size < count * 2 { size *= 2 }
      if size > capacity {
        slots.deallocate()
        slots = .allocate(capacity: size)
        capacity = size
      }
      mask = size - 1
      slots.initialize(repeating: Self.free, count: size)
      hasMetFree = false
    }

    /// Whether a key was not met before.
    @inline(__always)
    func insert(_ key: UInt128, _ hash: UInt64) -> Bool {
      guard key != Self.free else {
        defer { hasMetFree = true }
        return !hasMetFree
      }
      let (slots, mask) = (slots, mask)
      var place = Int(truncatingIfNeeded: hash) & mask
      while slots[place] != Self.free {
        if slots[place] == key { return false }
        place = (place &+ 1) & mask
      }
      slots[place] = key
      return true
    }
  }
}
