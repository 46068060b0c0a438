// Owns numbering the distinct texts a question meets.
// Invariants: equal bytes have one number, numbers count up from 0 and never change; texts never move. Marked kernel: indexes stay below the
// counts they were allocated for.
// Does not know which column a text comes from.

import SegmentStore

/// Distinct texts and their numbers.
final class TextNumbering {
  /// Behind a pointer, because the checks of a class's properties cost more than a look-up.
  private struct State {
    var slots: UnsafeMutablePointer<Slot>
    var slotMask: Int
    /// Where each text lies: its length, then its bytes.
    var texts: UnsafeMutablePointer<UnsafeRawPointer>
    var capacity: Int
    var count = 0
  }

  private struct Slot {
    var tag: UInt32 = 0
    /// The number plus one; 0 = free.
    var number: UInt32 = 0
  }

  private let state: UnsafeMutablePointer<State>
  private let memory = StableArena()

  init() {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: 64)
    slots.initialize(repeating: Slot(), count: 64)
    state = .allocate(capacity: 1)
    state.initialize(to: State(slots: slots, slotMask: 63, texts: .allocate(capacity: 32), capacity: 32))
  }

  deinit {
    state.pointee.slots.deallocate()
    state.pointee.texts.deallocate()
    state.deallocate()
  }

  var count: Int { state.pointee.count }
  /// Bytes of texts and tables.
  var byteCount: Int {
    memory.byteCount + (state.pointee.slotMask + 1) * MemoryLayout<Slot>.stride
      + state.pointee.capacity * MemoryLayout<UnsafeRawPointer>.stride
  }

  /// The bytes of a text, valid while this lives.
  subscript(number: Int) -> UnsafeRawBufferPointer {
    Self.bytes(state.pointee.texts[number])
  }

  @inline(__always)
  private static func bytes(_ place: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: place + 4, count: Int(place.loadUnaligned(as: UInt32.self)))
  }

  /// The number of a text, which is added if it is new.
  func number(of text: UnsafeRawBufferPointer) -> UInt32 {
    let hash = TextHash.hash(text)
    if let known = find(text, hash) { return known }
    if state.pointee.count == state.pointee.capacity { growTexts() }
    if state.pointee.count * 3 >= (state.pointee.slotMask + 1) * 2 { growSlots() }
    let number = state.pointee.count
    let tag = UInt32(truncatingIfNeeded: hash >> 32)
    let place = memory.allocate(4 + text.count)
    place.storeBytes(of: UInt32(truncatingIfNeeded: text.count), as: UInt32.self)
    if let base = text.baseAddress { (place + 4).copyMemory(from: base, byteCount: text.count) }
    (state.pointee.texts + number).initialize(to: UnsafeRawPointer(place))
    state.pointee.count = number + 1
    put(Slot(tag: tag, number: UInt32(number) + 1), hash)
    return UInt32(number)
  }

  /// The number of a text, or `nil` when it was never added.
  func known(_ text: UnsafeRawBufferPointer) -> UInt32? { find(text, TextHash.hash(text)) }

  private func find(_ text: UnsafeRawBufferPointer, _ hash: UInt64) -> UInt32? {
    let (slots, texts, mask) = (state.pointee.slots, state.pointee.texts, state.pointee.slotMask)
    let tag = UInt32(truncatingIfNeeded: hash >> 32)
    var place = Int(truncatingIfNeeded: hash) & mask
    while slots[place].number != 0 {
      if slots[place].tag == tag {
        let candidate = Self.bytes(texts[Int(slots[place].number) &- 1])
        if candidate.count == text.count, let base = candidate.baseAddress,
          UnsafeRawBufferPointer.areEqual(base, text)
        {
          return slots[place].number &- 1
        }
      }
      place = (place &+ 1) & mask
    }
    return nil
  }

  private func put(_ slot: Slot, _ hash: UInt64) {
    var place = Int(truncatingIfNeeded: hash) & state.pointee.slotMask
    while state.pointee.slots[place].number != 0 { place = (place &+ 1) & state.pointee.slotMask }
    state.pointee.slots[place] = slot
  }

  private func growTexts() {
    let old = state.pointee
    let texts = UnsafeMutablePointer<UnsafeRawPointer>.allocate(capacity: old.capacity * 2)
    texts.moveInitialize(from: old.texts, count: old.count)
    old.texts.deallocate()
    state.pointee.texts = texts
    state.pointee.capacity = old.capacity * 2
  }

  private func growSlots() {
    let count = (state.pointee.slotMask + 1) * 2
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: Slot(), count: count)
    state.pointee.slots.deallocate()
    state.pointee.slots = slots
    state.pointee.slotMask = count - 1
    for number in 0..<state.pointee.count {
      let hash = TextHash.hash(self[number])
      put(Slot(tag: UInt32(truncatingIfNeeded: hash >> 32), number: UInt32(number) + 1), hash)
    }
  }
}
