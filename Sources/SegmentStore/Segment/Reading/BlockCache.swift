// Owns the cache of decoded blocks, leaves and directories, under a budget of bytes.
// Invariants: the sum of the costs never exceeds the budget by more than one object a shard; objects are immutable.
// Does not read: callers bring what was missing.

/// A sharded CLOCK cache keyed by reader and offset.
package final class BlockCache: Sendable {
  package struct Key: Equatable, Sendable {
    /// Of the reader, not of the segment: a store put back from a backup may give a number to another file.
    package var reader: UInt64
    package var offset: Int64
    /// 0 for a block, more for parts of it that are kept on their own.
    package var part: UInt32
    package init(reader: UInt64, offset: Int64, part: UInt32 = 0) {
      self.reader = reader
      self.offset = offset
      self.part = part
    }

    /// Its bits mixed; upper and lower half serve two purposes.
    fileprivate var hash: UInt64 {
      var mixed =
        (UInt64(bitPattern: offset) &+ UInt64(part) << 40 ^ reader &* 0x9E37_79B9_7F4A_7C15)
        &* 0xC2B2_AE3D_27D4_EB4F
      mixed ^= mixed >> 29
      return mixed &* 0x9E37_79B9_7F4A_7C15
    }
  }

  private struct Slot {
    var key: Key
    var object: any AnyObject & Sendable
    var cost: Int
    var wasUsed: Bool
  }

  private struct Shard {
    /// `nil` where an object was pushed out.
    var slots: [Slot?] = []
    /// Places without an object; the last was given up last.
    var free: [Int] = []
    var index = SlotIndex()
    var hand = 0
    var cost = 0
    var hits = 0
    var misses = 0

    func find(_ key: Key, _ hash: UInt64) -> Int? {
      index.find(UInt32(truncatingIfNeeded: hash)) { slots[$0]?.key == key }
    }
  }

  private let shards: [Guarded<Shard>]
  private let shardBudget: Int
  /// Bytes the cache may hold, about.
  package let budget: Int

  /// Makes a cache of about `budget` bytes.
  package init(budget: Int) {
    self.budget = budget
    // A shard must still hold the largest directories.
    let count = budget >= 64 << 20 ? 32 : 8
    shards = (0..<count).map { _ in Guarded(Shard()) }
    shardBudget = max(1 << 16, budget / count)
  }

  private func lock(_ hash: UInt64) -> Guarded<Shard> { shards[Int(hash >> 40) % shards.count] }

  /// The object under a key, if it is cached.
  package func object<T: AnyObject & Sendable>(_ key: Key, as type: T.Type) -> T? {
    let hash = key.hash
    return lock(hash).withLock { shard in
      guard let slot = shard.find(key, hash) else {
        shard.misses += 1
        return nil
      }
      shard.hits += 1
      shard.slots[slot]?.wasUsed = true
      return shard.slots[slot]?.object as? T
    }
  }

  /// Keeps an object, pushing out others that were not used since the hand last passed.
  package func insert(_ object: some AnyObject & Sendable, cost: Int, for key: Key) {
    guard cost <= shardBudget else { return }
    let hash = key.hash
    lock(hash).withLock { shard in
      guard shard.find(key, hash) == nil else { return }
      while shard.cost + cost > shardBudget, !shard.index.isEmpty {
        if shard.hand >= shard.slots.count { shard.hand = 0 }
        if let slot = shard.slots[shard.hand] {
          if slot.wasUsed {
            shard.slots[shard.hand]?.wasUsed = false
          } else {
            shard.cost -= slot.cost
            shard.index.remove(UInt32(truncatingIfNeeded: slot.key.hash), slot: shard.hand)
            shard.slots[shard.hand] = nil
            shard.free.append(shard.hand)
          }
        }
        // The hand goes on in any case, so that what comes into the place it leaves is looked at last.
        shard.hand += 1
      }
      // Whoever brings it is using it: it stays for a whole round.
      let slot = Slot(key: key, object: object, cost: cost, wasUsed: true)
      if let place = shard.free.popLast() {
        shard.slots[place] = slot
        shard.index.insert(UInt32(truncatingIfNeeded: hash), slot: place)
      } else {
        shard.index.insert(UInt32(truncatingIfNeeded: hash), slot: shard.slots.count)
        shard.slots.append(slot)
      }
      shard.cost += cost
    }
  }

  /// Hits, misses and bytes held.
  package var counters: (hits: Int, misses: Int, bytes: Int) {
    shards.reduce((0, 0, 0)) { sum, lock in
      lock.withLock { (sum.0 + $0.hits, sum.1 + $0.misses, sum.2 + $0.cost) }
    }
  }
}
