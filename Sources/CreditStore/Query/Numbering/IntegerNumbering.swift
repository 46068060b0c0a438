// Owns numbering the distinct integers a question meets.
// Invariants: an integer has one number, numbers count up from 0 and never change; as long as integers come in ascending order, each is
// compared with the last alone, and slots are only made once one does not. Marked kernel: indexes stay below the counts they were
// allocated for.

/// Distinct integers of 64 or 128 bits and their numbers.
final class IntegerNumbering<Value: FixedWidthInteger & UnsignedInteger> {
  private struct State {
    var slots: UnsafeMutablePointer<UInt32>  // number plus one; 0 = free
    var slotMask: Int
    var values: UnsafeMutablePointer<Value>
    var capacity: Int
    var count = 0
    /// Whether the integers ascend, so that one behind the last is new without looking.
    var isAscending = true
    /// Whether every integer has its slot.
    var hasSlots = false
  }

  /// Runs of ascending integers that are merged; more are sorted.
  private static var maximumRuns: Int { 64 }

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
  var byteCount: Int {
    (state.pointee.slotMask + 1) * 4 + state.pointee.capacity * MemoryLayout<Value>.stride
  }

  /// The integer with a number.
  @inline(__always)
  subscript(number: Int) -> Value { state.pointee.values[number] }

  /// The number of an integer, which is added if it is new.
  @inline(__always)
  func number(of value: Value) -> UInt32 {
    if !state.pointee.hasSlots {
      let count = state.pointee.count
      if state.pointee.isAscending {
        if count == 0 || state.pointee.values[count &- 1] < value { return append(value) }
        if state.pointee.values[count &- 1] == value { return UInt32(truncatingIfNeeded: count &- 1) }
      }
      makeSlots()
    }
    return find(value) ?? add(value)
  }

  /// The number of an integer, or `nil` when it was never added.
  func known(_ value: Value) -> UInt32? {
    if !state.pointee.hasSlots { makeSlots() }
    return find(value)
  }

  @inline(__always)
  private func find(_ value: Value) -> UInt32? {
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
  private static func hash(_ value: Value) -> Int {
    var bits = UInt64(truncatingIfNeeded: value)
    if Value.bitWidth > 64 { bits ^= UInt64(truncatingIfNeeded: value >> 64) &* 0xD6E8_FEB8_6659_FD93 }
    let product = bits &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: product ^ product >> 32)
  }

  private func add(_ value: Value) -> UInt32 {
    if state.pointee.count * 2 >= state.pointee.slotMask + 1 { growSlots(for: state.pointee.count + 1) }
    let number = append(value)
    put(number + 1, value)
    return number
  }

  private func append(_ value: Value) -> UInt32 {
    if state.pointee.count == state.pointee.capacity { growValues() }
    let number = state.pointee.count
    state.pointee.values[number] = value
    state.pointee.count = number &+ 1
    return UInt32(truncatingIfNeeded: number)
  }

  private func makeSlots() {
    state.pointee.isAscending = false
    state.pointee.hasSlots = true
    growSlots(for: state.pointee.count)
  }

  private func put(_ slot: UInt32, _ value: Value) {
    var place = Self.hash(value) & state.pointee.slotMask
    while state.pointee.slots[place] != 0 { place = (place &+ 1) & state.pointee.slotMask }
    state.pointee.slots[place] = slot
  }

  private func growValues() {
    let old = state.pointee
    let values = UnsafeMutablePointer<Value>.allocate(capacity: old.capacity * 2)
    values.update(from: old.values, count: old.count)
    old.values.deallocate()
    state.pointee.values = values
    state.pointee.capacity = old.capacity * 2
  }

  private func growSlots(for count: Int) {
    var size = state.pointee.slotMask + 1
    while count * 2 >= size { size *= 2 }
    let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: size)
    slots.initialize(repeating: 0, count: size)
    state.pointee.slots.deallocate()
    state.pointee.slots = slots
    state.pointee.slotMask = size - 1
    for number in 0..<state.pointee.count { put(UInt32(number) + 1, state.pointee.values[number]) }
  }

  /// Gives the slots back; they are made again where somebody asks for a number.
  func finish() {
    state.pointee.slots.deallocate()
    state.pointee.slots = .allocate(capacity: 64)
    state.pointee.slots.initialize(repeating: 0, count: 64)
    state.pointee.slotMask = 63
    state.pointee.hasSlots = false
  }

  // MARK: Order

  /// The numbers in the order of their integers, each plus an offset.
  func ascending(adding offset: UInt32) -> [UInt32] {
    let (values, count) = (state.pointee.values, state.pointee.count)
    // An array of no elements is shared by all threads, and must not be filled.
    guard count > 0 else { return [] }
    // Those of a thread mostly came in order: runs are merged.
    var starts = [0]
    var place = 1
    while place < count, starts.count <= Self.maximumRuns {
      if values[place] < values[place &- 1] { starts.append(place) }
      place &+= 1
    }
    var order = [UInt32](unsafeUninitializedCapacity: count) { order, filled in
      for number in 0..<count { order[number] = UInt32(truncatingIfNeeded: number) &+ offset }
      filled = count
    }
    guard starts.count <= Self.maximumRuns else {
      order.sort { values[Int($0 &- offset)] < values[Int($1 &- offset)] }
      return order
    }
    starts.append(count)
    while starts.count > 2 {
      var merged = [0]
      order = [UInt32](unsafeUninitializedCapacity: count) { target, filled in
        for run in stride(from: 0, to: starts.count - 1, by: 2) {
          let end = starts[min(run + 2, starts.count - 1)]
          var (left, right) = (starts[run], starts[run + 1])
          let middle = right
          for place in left..<end {
            let takesLeft =
              right >= end
              || left < middle
                && values[Int(order[left] &- offset)] < values[Int(order[right] &- offset)]
            target[place] = order[takesLeft ? left : right]
            left &+= takesLeft ? 1 : 0
            right &+= takesLeft ? 0 : 1
          }
          merged.append(end)
        }
        filled = count
      }
      starts = merged
    }
    return order
  }

  // MARK: Merging

  /// The numbers that all integers of another numbering have here; those that are new are added.
  func numbers(of other: IntegerNumbering) -> [UInt32] {
    guard state.pointee.isAscending, other.state.pointee.isAscending else {
      return (0..<other.count).map { number(of: other[$0]) }
    }
    guard other.count > 0 else { return [] }
    // Side by side; what is new stands behind, so that integers do not ascend any more.
    let (own, count) = (state.pointee.count, other.count)
    var place = 0
    let numbers = [UInt32](unsafeUninitializedCapacity: count) { target, filled in
      for index in 0..<count {
        let value = other[index]
        while place < own, state.pointee.values[place] < value { place &+= 1 }
        let isKnown = place < own && state.pointee.values[place] == value
        target[index] = isKnown ? UInt32(truncatingIfNeeded: place) : append(value)
      }
      filled = count
    }
    if state.pointee.count > own, own > 0, state.pointee.values[own] < state.pointee.values[own - 1] {
      state.pointee.isAscending = false
    }
    return numbers
  }
}
