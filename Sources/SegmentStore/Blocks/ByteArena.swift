// Owns raw memory: a growing arena for encoders, and the fixed bytes of a decoded block.
// Invariants: `count <= capacity`; every allocation has 16 readable bytes behind its end, so that unaligned 64-bit
// loads of packed numbers never leave it. Marked kernel: callers write only what they reserved.

/// A growing stretch of raw memory, owned by one encoder at a time.
package final class ByteArena {
  package private(set) var base: UnsafeMutableRawPointer
  package private(set) var count = 0
  private var capacity: Int

  package init(capacity: Int = 1 << 16) {
    self.capacity = max(64, capacity)
    base = .allocate(byteCount: self.capacity + 16, alignment: 16)
  }

  deinit { base.deallocate() }

  /// Makes room for `bytes` more and returns where they go; contents there are undefined.
  package func reserve(_ bytes: Int) -> UnsafeMutableRawPointer {
    if count + bytes > capacity {
      let grown = max(capacity * 2, count + bytes)
      let next = UnsafeMutableRawPointer.allocate(byteCount: grown + 16, alignment: 16)
      next.copyMemory(from: base, byteCount: count)
      base.deallocate()
      base = next
      capacity = grown
    }
    return base + count
  }

  /// Declares reserved bytes as written.
  package func advance(_ bytes: Int) { count += bytes }

  /// Reserves zeroed bytes and declares them written; returns their offset.
  package func appendZeros(_ bytes: Int) -> Int {
    let offset = count
    reserve(bytes).initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    count += bytes
    return offset
  }

  package func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  /// Zeros up to a multiple of eight, relative to `start`.
  package func pad(from start: Int) { _ = appendZeros((8 - (count - start) & 7) & 7) }

  package func store<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    (base + offset).storeBytes(of: value.littleEndian, as: T.self)
  }

  package func truncate(to count: Int) { self.count = count }

  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
}

/// The immutable bytes of a decoded block.
package final class BlockBytes: @unchecked Sendable {
  // Sendable because the bytes are never written after `init` returned.
  package let base: UnsafeRawPointer
  package let count: Int

  /// Allocates and lets the caller fill the bytes once.
  package init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws(StoreError) -> Void) throws(StoreError) {
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
