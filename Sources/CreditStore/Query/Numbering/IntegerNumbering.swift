// Owns numbering the distinct integers a question meets.
// Invariants: an integer has one number, numbers count up from 0 and never change. Marked kernel: indexes stay below the counts they were
// allocated for.

/// Distinct integers and their numbers.
final class IntegerNumbering {
  private struct State {
    var slots: UnsafeMutablePointer<UInt32>  // number plus one; 0 = free
    var slotMask: Int
    var values: UnsafeMutablePointer<UInt64>
    var capacity: Int
    var count = 0
  }

  private let state: UnsafeMutablePointer<State>

  init() {
    let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: 64)
    slots.initialize(repeating: 0, count: 64)
    state = .allocate(capacity: 1)
    state.initialize(to: State(slots: slots, slotMask: 63, values: .allocate(capacity: 32), capacity: 32))
  }

  deinit {
    state.pointee.slots.deallocate()
    state.pointee.values.deallocate()
    state.deallocate()
  }

  var count: Int { state.pointee.count }
  /// Bytes of the tables.
  var byteCount: Int { (state.pointee.slotMask + 1) * 4 + state.pointee.capacity * 8 }

  /// The integer with a number.
  @inline(__always)
  subscript(number: Int) -> UInt64 { state.pointee.values[number] }

  /// The number of an integer, which is added if it is new.
  @inline(__always)
  func number(of value: UInt64) -> UInt32 { known(value) ?? add(value) }

  /// The number of an integer, or `nil` when it was never added.
  @inline(__always)
  func known(_ value: UInt64) -> UInt32? {
    let (slots, values, mask) = (state.pointee.slots, state.pointee.values, state.pointee.slotMask)
    var place = Self.hash(value) & mask
    while slots[place] != 0 {
      if values[Int(slots[place]) &- 1] == value { return slots[place] &- 1 }
      place = (place &+ 1) & mask
    }
    return nil
  }

  /// Multiplies and folds, so that neighbours lie apart.
  @inline(__always)
  private static func hash(_ value: UInt64) -> Int {
    let product = value &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: product ^ product >> 32)
  }

  private func add(_ value: UInt64) -> UInt32 {
    if state.pointee.count == state.pointee.capacity { growValues() }
    if state.pointee.count * 2 >= state.pointee.slotMask + 1 { growSlots() }
    let number = state.pointee.count
    state.pointee.values[number] = value
    state.pointee.count = number + 1
    put(UInt32(number) + 1, value)
    return UInt32(number)
  }

  private func put(_ slot: UInt32, _ value: UInt64) {
    var place = Self.hash(value) & state.pointee.slotMask
    while state.pointee.slots[place] != 0 { place = (place &+ 1) & state.pointee.slotMask }
    state.pointee.slots[place] = slot
  }

  private func growValues() {
    let old = state.pointee
    let values = UnsafeMutablePointer<UInt64>.allocate(capacity: old.capacity * 2)
    values.update(from: old.values, count: old.count)
    old.values.deallocate()
    state.pointee.values = values
    state.pointee.capacity = old.capacity * 2
  }

  private func growSlots() {
    let count = (state.pointee.slotMask + 1) * 2
    let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
    slots.initialize(repeating: 0, count: count)
    state.pointee.slots.deallocate()
    state.pointee.slots = slots
    state.pointee.slotMask = count - 1
    for number in 0..<state.pointee.count { put(UInt32(number) + 1, state.pointee.values[number]) }
  }
}
