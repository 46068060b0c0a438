// Owns raw memory: a growing arena for encoders, and the fixed bytes of a decoded block.
// Invariants: `count <= capacity`; every allocation has 16 readable bytes behind its end (arenas 256), so that unaligned
// 64-bit loads of packed numbers and loads that only warm the cache never leave it. Marked kernel: callers write only what they reserved.

/// A growing stretch of raw memory, owned by one encoder at a time.
///
/// Its state lies behind a pointer: the checks that Swift makes at each access of a class's property cost more than
/// the appends themselves.
package final class ByteArena {
  private struct State {
    var base: UnsafeMutableRawPointer
    var count = 0
    var capacity: Int
  }

  private let state: UnsafeMutablePointer<State>

  package init(capacity: Int = 1 << 16) {
    let capacity = max(64, capacity)
    state = .allocate(capacity: 1)
    state.initialize(
      to: State(base: .allocate(byteCount: capacity + 256, alignment: 16), capacity: capacity))
  }

  deinit {
    state.pointee.base.deallocate()
    state.deallocate()
  }

  @inline(__always)
  package var base: UnsafeMutableRawPointer { state.pointee.base }
  @inline(__always)
  package var count: Int { state.pointee.count }
  /// Bytes that fit without growing.
  package var capacity: Int { state.pointee.capacity }

  /// Makes room for `bytes` more and returns where they go; contents there are undefined.
  @inline(__always)
  package func reserve(_ bytes: Int) -> UnsafeMutableRawPointer {
    if state.pointee.count &+ bytes > state.pointee.capacity { grow(bytes) }
    return state.pointee.base + state.pointee.count
  }

  private func grow(_ bytes: Int) {
    let grown = max(capacity * 2, count + bytes)
    let next = UnsafeMutableRawPointer.allocate(byteCount: grown + 256, alignment: 16)
    next.copyMemory(from: base, byteCount: count)
    base.deallocate()
    state.pointee.base = next
    state.pointee.capacity = grown
  }

  /// Declares reserved bytes as written.
  @inline(__always)
  package func advance(_ bytes: Int) { state.pointee.count &+= bytes }

  /// Reserves zeroed bytes and declares them written; returns their offset.
  package func appendZeros(_ bytes: Int) -> Int {
    let offset = count
    reserve(bytes).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    advance(bytes)
    return offset
  }

  package func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
    advance(bytes.count)
  }

  package func store<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    (base + offset).storeBytes(of: value.littleEndian, as: T.self)
  }

  package func truncate(to count: Int) { state.pointee.count = count }

  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}

/// The immutable bytes of a decoded block.
package final class BlockBytes: @unchecked Sendable {
  // Sendable because the bytes are never written after `init` returned.
  package let base: UnsafeRawPointer
  package let count: Int

  /// Allocates and lets the caller fill the bytes once.
  package init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws(StoreError) -> Void)
    throws(StoreError)
  {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count + 16, alignment: 16)
    (memory + count).initializeMemory(as: UInt8.self, repeating: 0, count: 16)
    do throws(StoreError) {
      try fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
    } catch {
      memory.deallocate()
      throw error
    }
    base = UnsafeRawPointer(memory)
    self.count = count
  }

  deinit { base.deallocate() }

  package var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Reads a number inside the bytes; callers have checked the offset.
  package func load<T: FixedWidthInteger>(_ offset: Int, as type: T.Type = T.self) -> T {
    T(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: T.self))
  }
}
