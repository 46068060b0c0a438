// Owns the loop over the selected rows of a vector that all kernels of questions share.
// Invariants: visits each selected place once, ascending. Stands in the module of the kernels, because a body is only compiled into a loop
// of its own module.

import SegmentStore

extension RowSelection {
  /// Visits the places. The body may read from the vector; the selection stays what it was.
  @inline(__always)
  func visit<Failure>(_ body: (Int) throws(Failure) -> Void) throws(Failure) {
    if count == vectorCount {
      // All rows: the place of a row is its index.
      for place in 0..<count { try body(place) }
    } else {
      for index in 0..<count { try body(Int(places[index])) }
    }
  }
}
