// Owns the distinct texts that one thread met in one column of a batch, so that rows carry small codes instead of texts.
// Invariants: a code names the same text for ever; entries never move; a pool that does not pay is given up and stays so: rows
// coded before keep their codes, later ones carry their texts. Marked kernel: indexes stay below `capacity`.
// Does not decide how a column is stored (BatchTexts).

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The distinct texts of one column.
package final class TextPool {
  /// Entries at most: codes are 16 bits.
  package static let maximumEntries = 1 << 16
  /// Texts longer than this are no words of a dictionary; counts take 13 bits.
  package static let maximumTextBytes = 4096
  /// Entries at which a pool of mostly distinct texts tries templates.
  private static let templateTrial = 8192

  /// A distinct text, or a template with holes.
  package struct Entry {
    package var base: UnsafeRawPointer
    package var count: UInt32
    package var holes: UInt32
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: Int(count)) }
  }

  private enum Mode { case plain, templates, off }

  /// A place of the hash table. One line of memory decides nearly every look-up but for the text itself.
  private struct Slot {
    var base: UnsafeRawPointer?
    var tag: UInt32 = 0
    /// Lower 13 bits: bytes of the text; upper 3 bits: holes.
    var shape: UInt16 = 0
    var index: UInt16 = 0
  }

  private struct State {
    var mode = Mode.plain
    var slots: UnsafeMutablePointer<Slot>
    var slotMask: Int
    var entries: UnsafeMutablePointer<Entry>
    var capacity: Int
    var count = 0
    var lookups = 0
    /// Entries and look-ups when templates were begun.
    var countAtSwitch = 0
    var lookupsAtSwitch = 0
    var byteLimit: Int
    /// Whether texts of mostly distinct columns are taken apart.
    var triesTemplates: Bool
  }

  /// Behind a pointer, because the checks of a class's properties cost more than a look-up.
  private let state: UnsafeMutablePointer<State>
  private let memory = StableArena()
  private let template = UnsafeMutableRawPointer.allocate(byteCount: maximumTextBytes + 16, alignment: 8)
  /// Numbers of the text coded last.
  package let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: TextTemplate.maximumHoles)

  /// - Parameters:
  ///   - byteLimit: bytes of distinct texts and tables at which the pool gives up.
  ///   - triesTemplates: whether a pool of mostly distinct texts goes on with templates. The same text then has another code before and
  ///     after: only for callers that keep the code they got.
  package init(byteLimit: Int, triesTemplates: Bool = true) {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: 256)
    slots.initialize(repeating: Slot(), count: 256)
    state = .allocate(capacity: 1)
    state.initialize(
      to: State(
        slots: slots, slotMask: 255, entries: .allocate(capacity: 128), capacity: 128, byteLimit: byteLimit,
        triesTemplates: triesTemplates))
  }

  deinit {
    state.pointee.slots.deallocate()
    state.pointee.entries.deallocate()
    state.deallocate()
    template.deallocate()
    numbers.deallocate()
  }

  package var count: Int { state.pointee.count }
  /// Bytes of distinct texts and tables.
  package var byteCount: Int { memory.byteCount + tableBytes }
  /// Whether some text of the column was not coded.
  package var isGivenUp: Bool { state.pointee.mode == .off }
  package subscript(code: Int) -> Entry { state.pointee.entries[code] }
  /// All entries in the order of their codes, valid until the next one is added.
  package var entries: UnsafeBufferPointer<Entry> {
    UnsafeBufferPointer(start: state.pointee.entries, count: state.pointee.count)
  }

  /// The code of a text and its count of numbers, which lie in `numbers`; `nil` when the text must travel with its row.
  @inline(__always)
  package func code(of text: UnsafeRawBufferPointer, hash: UInt64) -> (code: Int, holes: Int)? {
    if state.pointee.mode == .off { return nil }
    return find(text, hash)
  }

  /// Tells the processor that a text with this hash will be looked up soon.
  @inline(__always)
  package func prepare(hash: UInt64) {
    Prefetch.line(state.pointee.slots + (Int(truncatingIfNeeded: hash) & state.pointee.slotMask))
  }

  private func find(_ text: UnsafeRawBufferPointer, _ hash: UInt64) -> (code: Int, holes: Int)? {
    guard text.count <= Self.maximumTextBytes else {
      state.pointee.mode = .off
      return nil
    }
    state.pointee.lookups &+= 1
    if state.pointee.mode == .templates,
      let split = TextTemplate.split(text, template: template, numbers: numbers)
    {
      let bytes = UnsafeRawBufferPointer(start: template, count: split.count)
      guard let code = entry(bytes, TextHash.hash(bytes) &+ UInt64(split.holes), split.holes) else {
        return nil
      }
      return (code, split.holes)
    }
    guard let code = entry(text, hash, 0) else { return nil }
    return (code, 0)
  }

  private func entry(_ bytes: UnsafeRawBufferPointer, _ hash: UInt64, _ holes: Int) -> Int? {
    let tag = UInt32(truncatingIfNeeded: hash >> 32)
    let shape = UInt16(truncatingIfNeeded: bytes.count | holes << 13)
    let slots = state.pointee.slots
    let mask = state.pointee.slotMask
    var place = Int(truncatingIfNeeded: hash) & mask
    while let base = slots[place].base {
      if slots[place].tag == tag, slots[place].shape == shape, UnsafeRawBufferPointer.areEqual(base, bytes) {
        return Int(slots[place].index)
      }
      place = (place &+ 1) & mask
    }
    return insert(bytes, hash, shape)
  }

  private func insert(_ bytes: UnsafeRawBufferPointer, _ hash: UInt64, _ shape: UInt16) -> Int? {
    guard hasRoom(bytes.count) else { return nil }
    if state.pointee.count == state.pointee.capacity { growEntries() }
    if state.pointee.count * 3 >= (state.pointee.slotMask + 1) * 2 { growSlots() }
    let index = state.pointee.count
    let base = memory.copy(bytes)
    (state.pointee.entries + index).initialize(
      to: Entry(base: base, count: UInt32(bytes.count), holes: UInt32(shape >> 13)))
    state.pointee.count = index + 1
    put(
      Slot(
        base: base, tag: UInt32(truncatingIfNeeded: hash >> 32), shape: shape,
        index: UInt16(truncatingIfNeeded: index)), hash)
    return index
  }

  private func put(_ slot: Slot, _ hash: UInt64) {
    var place = Int(truncatingIfNeeded: hash) & state.pointee.slotMask
    while state.pointee.slots[place].base != nil { place = (place &+ 1) & state.pointee.slotMask }
    state.pointee.slots[place] = slot
  }

  private var tableBytes: Int {
    (state.pointee.slotMask + 1) * MemoryLayout<Slot>.stride + state.pointee.capacity
      * MemoryLayout<Entry>.stride
  }

  /// Decides before a new entry whether going on pays.
  private func hasRoom(_ bytes: Int) -> Bool {
    let count = state.pointee.count
    let isFull =
      count >= Self.maximumEntries - 1 || memory.byteCount + bytes + tableBytes > state.pointee.byteLimit
    switch state.pointee.mode {
    case .plain:
      let isMostlyDistinct = count * 4 > state.pointee.lookups * 3
      if state.pointee.triesTemplates, isMostlyDistinct, isFull || count >= Self.templateTrial {
        // This text stays plain; the next one is split.
        state.pointee.mode = .templates
        state.pointee.countAtSwitch = count
        state.pointee.lookupsAtSwitch = state.pointee.lookups
        state.pointee.byteLimit *= 2
      } else if isFull {
        state.pointee.mode = .off
      }
    case .templates:
      let made = count - state.pointee.countAtSwitch
      let asked = state.pointee.lookups - state.pointee.lookupsAtSwitch
      if isFull || (made >= 2 * Self.templateTrial && made * 2 > asked) { state.pointee.mode = .off }
    case .off: break
    }
    return state.pointee.mode != .off
  }

  private func growEntries() {
    let old = state.pointee
    let entries = UnsafeMutablePointer<Entry>.allocate(capacity: old.capacity * 2)
    entries.moveInitialize(from: old.entries, count: old.count)
    old.entries.deallocate()
    state.pointee.entries = entries
    state.pointee.capacity = old.capacity * 2
  }

  private func growSlots() {
    let old = state.pointee
    let count = (old.slotMask + 1) * 2
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: Slot(), count: count)
    state.pointee.slots = slots
    state.pointee.slotMask = count - 1
    for place in 0...old.slotMask {
      let slot = old.slots[place]
      guard slot.base != nil else { continue }
      let entry = old.entries[Int(slot.index)]
      put(slot, TextHash.hash(entry.bytes) &+ UInt64(entry.holes))
    }
    old.slots.deallocate()
  }
}

extension UnsafeRawBufferPointer {
  /// Whether so many bytes at a place are these.
  @inline(__always)
  package static func areEqual(_ place: UnsafeRawPointer, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    let count = bytes.count
    // Words of a pool are short: calling memcmp costs more than comparing them here.
    guard count >= 8, count <= 64 else { return memcmp(place, base, count) == 0 }
    var offset = 0
    // Invariant: offset + 8 <= count; the last eight bytes may be read twice.
    while offset &+ 8 < count {
      if place.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        != base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      {
        return false
      }
      offset &+= 8
    }
    return place.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      == base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
  }
}
