// Owns which rows of a merge's inputs shall be in no output: what a purge takes out.
// Invariants: positions are those of the input segments; the plan of a merge, its proof and the relocation of late marks all ask here, so that
// they leave out the same rows.
// Does not choose rows.

/// Rows of segments that a merge leaves out.
package struct DroppedRows: Sendable {
  /// Ascending positions by segment.
  private let positions: [UInt64: [UInt32]]

  /// Nothing is left out.
  package static let none = DroppedRows([:])

  /// - Parameter positions: by the number of the segment, in any order.
  package init(_ positions: [UInt64: [UInt32]]) {
    self.positions = positions.filter { !$0.value.isEmpty }.mapValues { $0.sorted() }
  }

  /// The rows at some addresses; rows in memory do not count.
  package init(_ addresses: some Sequence<RowAddress>) {
    var positions: [UInt64: [UInt32]] = [:]
    for address in addresses where address.segment != 0 {
      positions[address.segment, default: []].append(address.position)
    }
    self.init(positions)
  }

  /// Number of rows.
  package var count: Int { positions.values.reduce(0) { $0 + $1.count } }

  /// Segments with such rows.
  package var segments: Set<UInt64> { Set(positions.keys) }

  /// The positions of one segment, ascending.
  package func positions(of segment: SegmentID) -> [UInt32] { positions[segment.rawValue] ?? [] }
}

extension [UInt32] {
  /// Whether ascending positions hold one.
  package func holds(_ position: UInt32) -> Bool {
    guard !isEmpty else { return false }
    let place = partitioningIndex { $0 >= position }
    return place < count && self[place] == position
  }
}
