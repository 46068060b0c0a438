// Owns the rows one thread has found for a page: the first of all it was given, in the order of the page.
// Invariants: what is given up would come behind the page; there are never more than about twice what the page needs.

import CreditModel
import SegmentStore

/// The first rows of a page, as far as they were found.
struct PageCandidates {
  let order: RecordOrder
  /// Rows to keep: one more than the page has, to know whether another follows.
  let wanted: Int
  private(set) var rows: [RecordCandidate] = []
  /// The last row that is still on the page, once there are enough.
  private(set) var worst: RecordCandidate?

  init(order: RecordOrder, wanted: Int) {
    self.order = order
    self.wanted = wanted
  }

  mutating func append(_ row: RecordCandidate) throws {
    rows.append(row)
    if rows.count >= 2 * wanted + 1024 { try cut() }
  }

  /// Adds what other threads found.
  mutating func merge(_ others: some Sequence<PageCandidates>) throws {
    for other in others { rows += other.rows }
    try cut()
  }

  /// Keeps what may stand on the page.
  mutating func cut() throws {
    try order.sort(&rows)
    guard rows.count >= wanted else { return }
    rows.removeLast(rows.count - wanted)
    worst = rows.last
  }
}
