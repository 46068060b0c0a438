// Owns finding the smallest key among the heads of many sorted lists.
// Invariants: keys come out in order, equal keys by the number of their list; inserting and removing take steps with the logarithm of the lists.
// Does not hold the lists.

/// A binary heap of keys and numbers of lists.
struct SubjectHeap {
  private typealias Entry = (key: UInt128, list: Int)

  private var entries: [Entry] = []

  var smallest: UInt128? { entries.first?.key }

  private static func precedes(_ left: Entry, _ right: Entry) -> Bool {
    left.key != right.key ? left.key < right.key : left.list < right.list
  }

  mutating func insert(_ key: UInt128, _ list: Int) {
    entries.append((key, list))
    var place = entries.count - 1
    while place > 0, Self.precedes(entries[place], entries[(place - 1) / 2]) {
      entries.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  /// Removes the smallest; returns the number of its list.
  mutating func removeFirst() -> Int? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    guard !entries.isEmpty else { return first.list }
    entries[0] = last
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2] where child < entries.count {
        if Self.precedes(entries[child], entries[least]) { least = child }
      }
      guard least != place else { return first.list }
      entries.swapAt(place, least)
      place = least
    }
  }
}
