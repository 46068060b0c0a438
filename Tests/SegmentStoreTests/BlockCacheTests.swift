// Goal: what is read again and again stays in the cache, also when it came last and the cache is full; budgets are kept.
// Method: a story of a defect (the newest objects were pushed out first, so that nothing read after the cache was full stayed), and random use against counts.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct BlockCacheTests {
  private final class Block: Sendable {
    let number: Int
    init(_ number: Int) { self.number = number }
  }

  private static let cost = 4096
  private static let budget = 8 << 20

  private func key(_ number: Int) -> BlockCache.Key { .init(reader: 1, offset: Int64(number) * 40_961) }

  /// Whether an object was there; it is put there otherwise.
  private func read(_ number: Int, _ cache: BlockCache) -> Bool {
    if let found = cache.object(key(number), as: Block.self) {
      #expect(found.number == number)
      return true
    }
    cache.insert(Block(number), cost: Self.cost, for: key(number))
    return false
  }

  @Test func whatWasReadLastStays() {
    let cache = BlockCache(budget: Self.budget)
    // More than fits, each read twice.
    for number in 0..<4 * Self.budget / Self.cost {
      _ = read(number, cache)
      _ = read(number, cache)
    }
    // A report: a twentieth of the cache, read three times.
    let report = 1_000_000..<1_000_000 + Self.budget / Self.cost / 20
    for number in report { #expect(!read(number, cache)) }
    for _ in 0..<2 {
      let found = report.count { read($0, cache) }
      #expect(found == report.count)
    }
  }

  @Test(arguments: 1...4) func theBudgetIsKept(_ seed: Int) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: UInt64(seed))
    let cache = BlockCache(budget: Self.budget)
    for _ in 0..<20_000 {
      let number = Int.random(in: 0..<6000, using: &random)
      let cost = Int.random(in: 1...20_000, using: &random)
      if let found = cache.object(key(number), as: Block.self) {
        #expect(found.number == number)
      } else {
        cache.insert(Block(number), cost: cost, for: key(number))
        #expect(cache.object(key(number), as: Block.self)?.number == number)
      }
    }
    #expect(cache.counters.bytes <= Self.budget && cache.counters.bytes > Self.budget / 2)
  }

  /// The index of a cache finds what a dictionary finds, whatever comes and goes; hashes are few, so that many slots stand away from home.
  @Test(arguments: 1...4) func theIndexFindsWhatIsThere(_ seed: Int) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: UInt64(seed))
    var index = SlotIndex()
    var model: [Int: UInt32] = [:]
    for _ in 0..<20_000 {
      let slot = Int.random(in: 0..<500, using: &random)
      if let hash = model[slot] {
        index.remove(hash, slot: slot)
        model[slot] = nil
      } else {
        let hash = UInt32.random(in: 0..<200, using: &random) &* 0x2000_0001
        index.insert(hash, slot: slot)
        model[slot] = hash
      }
      let asked = Int.random(in: 0..<500, using: &random)
      let hash = model[asked] ?? 7
      #expect(index.find(hash) { $0 == asked } == (model[asked] == nil ? nil : asked))
      #expect(index.count == model.count)
    }
    for (slot, hash) in model { #expect(index.find(hash) { $0 == slot } == slot) }
  }
}
