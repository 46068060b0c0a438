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

  /// The place of the selected row with an index.
  @inline(__always)
  func place(_ index: Int) -> Int { count == vectorCount ? index : Int(places[index]) }

  /// Visits each key of which rows are selected, with the indexes of these.
  @inline(__always)
  func visit<Failure>(
    _ runs: KeyRuns, _ body: (UInt128, Range<Int>) throws(Failure) -> Void
  ) throws(Failure) {
    if count == vectorCount {
      for run in 0..<runs.count { try body(runs.keys[run], runs.places(run)) }
      return
    }
    var (index, run) = (0, 0)
    while index < count {
      let first = index
      while Int(runs.starts[run + 1]) <= Int(places[index]) { run += 1 }
      let end = Int(runs.starts[run + 1])
      while index < count, Int(places[index]) < end { index += 1 }
      try body(runs.keys[run], first..<index)
    }
  }
}
