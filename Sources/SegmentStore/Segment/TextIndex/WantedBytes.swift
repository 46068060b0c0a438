// Owns bytes that are looked for in many groups of an index.
// Invariants: the bytes do not change. Marked kernel: reads only what it is given.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Bytes that are looked for.
package final class WantedBytes {
  /// Longer ones are looked for in whole texts only.
  private static let maximumCount = 64

  private let base: UnsafeMutableRawPointer
  private let count: Int
  /// For each byte a bit for each place behind the first at which it stands.
  private let places: UnsafeMutablePointer<UInt64>

  package init(_ bytes: [UInt8]) {
    count = bytes.count
    base = .allocate(byteCount: max(1, bytes.count), alignment: 8)
    base.copyMemory(from: bytes, byteCount: bytes.count)
    places = .allocate(capacity: 256)
    places.initialize(repeating: 0, count: 256)
    guard bytes.count <= Self.maximumCount else { return }
    for (place, byte) in bytes.enumerated().dropFirst() { places[Int(byte)] |= 1 << UInt64(place) }
  }

  deinit {
    base.deallocate()
    places.deallocate()
  }

  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }
  /// Whether parts of texts can be asked for them.
  var canBeProbed: Bool { count > 0 && count <= Self.maximumCount }

  /// Whether they stand in others.
  @inline(__always)
  func occur(in other: UnsafeRawBufferPointer) -> Bool { ByteSearch.contains(other, bytes) }

  /// Whether others begin with an end of them that is shorter than they are.
  @inline(__always)
  func endBegins(_ other: UnsafeRawBufferPointer) -> Bool {
    guard let start = other.baseAddress, other.count > 0 else { return false }
    var candidates = places[Int(other[0])]
    while candidates != 0 {
      let place = candidates.trailingZeroBitCount
      candidates &= candidates - 1
      if count - place <= other.count, memcmp(start, base + place, count - place) == 0 { return true }
    }
    return false
  }
}
