// Owns the keys of all subjects of a segment in one list, for those who ask for many of them.
// Invariants: ascending, as many as the footer says; immutable.
// Does not know rows.

/// The keys of a segment's subjects.
///
/// A leaf of the directory holds a few subjects where each has rows in hundreds of datasets: whoever goes through the subjects of one dataset would take a leaf apart for each row.
final class SubjectKeys: Sendable {
  let keys: [UInt128]

  init(_ segment: SegmentReader) throws(StoreError) {
    var keys: [UInt128] = []
    keys.reserveCapacity(Int(segment.footer.subjectCount))
    for fence in try segment.subjectTree().fences {
      let leaf = try segment.leaf(fence)
      for subject in 0..<leaf.subjectCount { keys.append(leaf.key(subject)) }
    }
    self.keys = keys
  }

  /// The place of a key; quick where it is little behind another place.
  func place(of key: UInt128, near place: Int) -> Int? {
    var (low, high) = (0, keys.count)
    if place < keys.count, keys[place] <= key {
      low = place
      var step = 1
      while low + step < keys.count, keys[low + step] <= key {
        low += step
        step *= 2
      }
      high = min(keys.count, low + step)
    }
    // The first that is not smaller.
    while low < high {
      let middle = low + (high - low) / 2
      if keys[middle] < key { low = middle + 1 } else { high = middle }
    }
    return low < keys.count && keys[low] == key ? low : nil
  }
}
