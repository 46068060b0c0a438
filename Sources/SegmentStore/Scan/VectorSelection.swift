// Owns which rows of a vector are still of interest: all, those with a bit, or those in a list of places.
// Invariants: `count` is how many; conditions over whole vectors make bits, which become places only once somebody visits rows; places
// ascend. Marked kernel: buffers have room for the rows of a vector, bits behind the last row are 0.
// Does not know what a row is.

import CStorageKernels

/// The selected rows of a vector.
struct VectorSelection: ~Copyable {
  private enum Form { case all, bits, places }

  /// Words of bits for the rows of a vector.
  private static let words = RowVector.capacity / 64
  /// The places of a vector whose rows are all selected.
  private static let everyPlace = Shared()

  private struct Shared: @unchecked Sendable {
    // Sendable because it is never written again.
    let places = UnsafeMutablePointer<UInt16>.allocate(capacity: RowVector.capacity)
    init() { for place in 0..<RowVector.capacity { places[place] = UInt16(truncatingIfNeeded: place) } }
  }

  private let places = UnsafeMutablePointer<UInt16>.allocate(capacity: RowVector.capacity)
  private let bits = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
  private let newBits = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
  private var form = Form.all
  private var total = 0
  /// Rows selected.
  private(set) var count = 0

  deinit {
    places.deallocate()
    bits.deallocate()
    newBits.deallocate()
  }

  /// Selects all of so many rows.
  mutating func selectAll(_ rows: Int) {
    (form, total, count) = (.all, rows, rows)
  }

  /// Selects nothing.
  mutating func clear() { (form, count) = (.places, 0) }

  /// The selected places.
  var rows: RowSelection {
    mutating get {
      if form == .bits { makePlaces() }
      return RowSelection(
        places: form == .all ? Self.everyPlace.places : places, count: count, vectorCount: total)
    }
  }

  private mutating func makePlaces() {
    count = cstorage_places(bits, total, places)
    form = .places
  }

  /// Keeps the selected places for which the predicate holds.
  @inline(__always)
  mutating func keep(_ predicate: (Int) -> Bool) {
    let (places, selected) = (places, count)
    var kept = 0
    if form == .all {
      for place in 0..<selected {
        places[kept] = UInt16(truncatingIfNeeded: place)
        kept &+= predicate(place) ? 1 : 0
      }
    } else {
      if form == .bits { makePlaces() }
      for index in 0..<selected {
        let place = places[index]
        places[kept] = place
        kept &+= predicate(Int(place)) ? 1 : 0
      }
    }
    (form, count) = (.places, kept)
  }

  /// Keeps the selected places for which the predicate holds, which may fail.
  mutating func keepEach<Failure>(_ predicate: (Int) throws(Failure) -> Bool) throws(Failure) {
    let rows = rows
    var kept = 0
    for index in 0..<rows.count {
      let place = rows.places[index]
      guard try predicate(Int(place)) else { continue }
      places[kept] = place
      kept += 1
    }
    (form, count) = (.places, kept)
  }

  /// Keeps the selected places whose bit is 1.
  ///
  /// - Parameter fill: writes one bit for each row of the vector, selected or not, and 0 behind the last.
  mutating func keepBits(_ fill: (UnsafeMutablePointer<UInt64>) -> Void) {
    guard total > 0 else { return }
    switch form {
    case .all:
      fill(bits)
      form = .bits
      countBits()
    case .bits:
      fill(newBits)
      for word in 0..<(total + 63) >> 6 { bits[word] &= newBits[word] }
      countBits()
    case .places:
      fill(newBits)
      let newBits = newBits
      keep { newBits[$0 &>> 6] &>> UInt64($0 & 63) & 1 == 1 }
    }
  }

  private mutating func countBits() {
    count = cstorage_count_bits(bits, (total + 63) >> 6)
  }
}
