// Owns finding a slot of a table in memory by the hash of its key: of the cache of blocks, of texts of subjects.
// Invariants: at most half of the cells are taken, so that every search ends; a slot is in the index at most once.
// Does not know keys: whoever asks compares them.

/// Slots by hash, in open addressing with linear probing.
///
/// A look-up of the cache comes before every read of a block, and one of a subject before every row that is merged: Swift's `Dictionary` hashes keys against
/// attackers, which costs more than the rest of the look-up. Whoever reported identifiers made for it could slow a merge down, as with ``TextPool``; nothing would read wrongly.
struct SlotIndex {
  /// Hash in the upper half, slot plus 1 in the lower one; 0 = free.
  private var cells = [UInt64](repeating: 0, count: 64)
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  private func hash(_ cell: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: cell >> 32) }
  private func slot(_ cell: UInt64) -> Int { Int(cell & 0xFFFF_FFFF) - 1 }
  private func home(_ hash: UInt32) -> Int { Int(hash) & (cells.count - 1) }
  private func next(_ place: Int) -> Int { (place + 1) & (cells.count - 1) }

  /// The slot with a hash of which a condition holds.
  @inline(__always)
  func find(_ hash: UInt32, where isWanted: (Int) -> Bool) -> Int? {
    var place = home(hash)
    while cells[place] != 0 {
      if self.hash(cells[place]) == hash, isWanted(slot(cells[place])) { return slot(cells[place]) }
      place = next(place)
    }
    return nil
  }

  /// Adds a slot that is not there.
  mutating func insert(_ hash: UInt32, slot: Int) {
    if (count + 1) * 2 > cells.count { grow() }
    put(UInt64(hash) << 32 | UInt64(slot + 1))
    count += 1
  }

  private mutating func put(_ cell: UInt64) {
    var place = home(hash(cell))
    while cells[place] != 0 { place = next(place) }
    cells[place] = cell
  }

  private mutating func grow() {
    let all = cells
    cells = Array(repeating: 0, count: all.count * 2)
    for cell in all where cell != 0 { put(cell) }
  }

  /// Takes a slot out; nothing happens where it is not there.
  mutating func remove(_ hash: UInt32, slot: Int) {
    let wanted = UInt64(hash) << 32 | UInt64(slot + 1)
    var hole = home(hash)
    while cells[hole] != wanted {
      if cells[hole] == 0 { return }
      hole = next(hole)
    }
    count -= 1
    // Those behind move up unless that would bring them before their home.
    var place = next(hole)
    while cells[place] != 0 {
      let distance = (place - home(self.hash(cells[place]))) & (cells.count - 1)
      if distance >= (place - hole) & (cells.count - 1) {
        cells[hole] = cells[place]
        hole = place
      }
      place = next(place)
    }
    cells[hole] = 0
  }
}
