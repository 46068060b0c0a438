// Owns the hash by which equal texts and equal rows find each other in memory.
// Invariants: never written to a file; whether texts are the same is decided on their bytes. Only proofs compare hashes alone (RowDigest, the
// verification of indexes): they look for mistakes. Reads only the bytes given.
// Marked kernel.

/// A fast 64-bit hash of short texts: folded 64 by 64 bit products, as wyhash makes them.
package enum TextHash {
  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }

  private static let first: UInt64 = 0xA076_1D64_78BD_642F
  private static let second: UInt64 = 0xE703_7ED1_A0B4_28DB

  /// Hashes bytes.
  @inline(__always)
  package static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let count = bytes.count
    guard let base = bytes.baseAddress, count > 0 else { return first }
    var seed = first ^ UInt64(truncatingIfNeeded: count)
    if count <= 16 {
      var low: UInt64 = 0
      var high: UInt64 = 0
      if count >= 8 {
        low = base.loadUnaligned(as: UInt64.self)
        high = base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      } else if count >= 4 {
        low = UInt64(base.loadUnaligned(as: UInt32.self))
        high = UInt64(base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
      } else {
        low =
          UInt64(base.load(as: UInt8.self)) << 16
          | UInt64(base.load(fromByteOffset: count >> 1, as: UInt8.self)) << 8
          | UInt64(base.load(fromByteOffset: count &- 1, as: UInt8.self))
      }
      return fold(second ^ low, high ^ seed)
    }
    var offset = 0
    // Invariant: offset + 16 <= count; the last 16 bytes may be read twice.
    while offset &+ 16 < count {
      seed = fold(
        base.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ second,
        base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self) ^ seed)
      offset &+= 16
    }
    return fold(
      base.loadUnaligned(fromByteOffset: count &- 16, as: UInt64.self) ^ second,
      base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self) ^ seed)
  }

  /// Mixes a subject key into the hash of the values before it.
  @inline(__always)
  package static func combine(_ hash: UInt64, key: UInt128) -> UInt64 {
    combine(combine(hash, UInt64(truncatingIfNeeded: key)), UInt64(truncatingIfNeeded: key >> 64))
  }

  /// Mixes the hash of one value into that of the values before it.
  @inline(__always)
  package static func combine(_ hash: UInt64, _ value: UInt64) -> UInt64 {
    fold(hash ^ second, value ^ first)
  }
}
