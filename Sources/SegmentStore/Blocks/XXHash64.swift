// Owns the checksum of every block, frame and footer: XXH64.
// Invariants: agrees with the frozen specification (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md) on every
// length and seed; reads only the bytes given. Marked kernel: unsafe loads inside the bounds of the buffer.

/// The 64-bit xxHash.
package enum XXHash64 {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

  /// Hashes bytes.
  package static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    #if CREDIT_FUZZING
    // The fuzzer's build alone: all checksums agree, so that hostile bytes reach what stands behind them.
    return 0
    #else
    return digest(bytes, seed: seed)
    #endif
  }

  private static func digest(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    let count = bytes.count
    guard let base = bytes.baseAddress else { return finish(seed &+ prime5, nil, 0) }
    var offset = 0
    var hash: UInt64
    if count >= 32 {
      var lane1 = seed &+ prime1 &+ prime2
      var lane2 = seed &+ prime2
      var lane3 = seed
      var lane4 = seed &- prime1
      let limit = count - 32
      // Invariant: offset + 32 <= count.
      while offset <= limit {
        lane1 = round(lane1, base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        lane2 = round(lane2, base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
        lane3 = round(lane3, base.loadUnaligned(fromByteOffset: offset &+ 16, as: UInt64.self))
        lane4 = round(lane4, base.loadUnaligned(fromByteOffset: offset &+ 24, as: UInt64.self))
        offset &+= 32
      }
      hash = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
      hash = (hash ^ round(0, lane1)) &* prime1 &+ prime4
      hash = (hash ^ round(0, lane2)) &* prime1 &+ prime4
      hash = (hash ^ round(0, lane3)) &* prime1 &+ prime4
      hash = (hash ^ round(0, lane4)) &* prime1 &+ prime4
    } else {
      hash = seed &+ prime5
    }
    return finish(hash &+ UInt64(count), base + offset, count - offset)
  }

  /// Hashes the bytes of an array.
  package static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
    bytes.withUnsafeBytes { hash($0, seed: seed) }
  }

  @inline(__always)
  private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    value << count | value >> (64 &- count)
  }

  @inline(__always)
  private static func round(_ lane: UInt64, _ input: UInt64) -> UInt64 {
    rotate(lane &+ input &* prime2, 31) &* prime1
  }

  private static func finish(_ start: UInt64, _ base: UnsafeRawPointer?, _ count: Int) -> UInt64 {
    var hash = start
    var offset = 0
    if let base {
      while offset &+ 8 <= count {
        hash ^= round(0, base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        hash = rotate(hash, 27) &* prime1 &+ prime4
        offset &+= 8
      }
      if offset &+ 4 <= count {
        hash ^= UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) &* prime1
        hash = rotate(hash, 23) &* prime2 &+ prime3
        offset &+= 4
      }
      while offset < count {
        hash ^= UInt64(base.load(fromByteOffset: offset, as: UInt8.self)) &* prime5
        hash = rotate(hash, 11) &* prime1
        offset &+= 1
      }
    }
    hash ^= hash >> 33
    hash = hash &* prime2
    hash ^= hash >> 29
    hash = hash &* prime3
    return hash ^ hash >> 32
  }
}
