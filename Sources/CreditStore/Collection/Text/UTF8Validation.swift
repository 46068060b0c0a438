// Owns checking that bytes are well-formed UTF-8.
// Invariants: accepts exactly what Unicode calls well-formed (no overlong forms, surrogates or scalars beyond 10FFFF).
// Marked kernel: reads only inside the buffer.

package enum UTF8Validation {
  /// Whether all bytes are well-formed UTF-8.
  package static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool { validPrefix(bytes) == bytes.count }

  /// Length of the longest well-formed beginning.
  package static func validPrefix(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    let count = bytes.count
    var index = 0
    while index < count {
      // Eight ASCII bytes at a time, or two Chinese letters.
      while index &+ 8 <= count {
        let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        if word & 0x8080_8080_8080_8080 == 0 {
          index &+= 8
        } else if areTwoTriples(word) {
          index &+= 6
        } else {
          break
        }
      }
      guard index < count else { break }
      let lead = base.load(fromByteOffset: index, as: UInt8.self)
      if lead < 0x80 {
        index &+= 1
        continue
      }
      if lead & 0xF0 == 0xE0 {
        guard index &+ 2 < count else { return index }
        let second = base.load(fromByteOffset: index &+ 1, as: UInt8.self)
        let third = base.load(fromByteOffset: index &+ 2, as: UInt8.self)
        guard second & 0xC0 == 0x80, third & 0xC0 == 0x80 else { return index }
        if lead == 0xE0, second < 0xA0 { return index }
        if lead == 0xED, second > 0x9F { return index }
        index &+= 3
      } else if lead & 0xE0 == 0xC0 {
        guard lead >= 0xC2, index &+ 1 < count,
          base.load(fromByteOffset: index &+ 1, as: UInt8.self) & 0xC0 == 0x80
        else { return index }
        index &+= 2
      } else {
        guard lead >= 0xF0, lead <= 0xF4, index &+ 3 < count else { return index }
        let second = base.load(fromByteOffset: index &+ 1, as: UInt8.self)
        guard second & 0xC0 == 0x80,
          base.load(fromByteOffset: index &+ 2, as: UInt8.self) & 0xC0 == 0x80,
          base.load(fromByteOffset: index &+ 3, as: UInt8.self) & 0xC0 == 0x80
        else { return index }
        if lead == 0xF0, second < 0x90 { return index }
        if lead == 0xF4, second > 0x8F { return index }
        index &+= 4
      }
    }
    return index
  }

  /// Whether the first six bytes, from the lowest on, are two letters of three bytes whose leads do not restrict what may follow them.
  @inline(__always)
  private static func areTwoTriples(_ bytes: UInt64) -> Bool {
    guard bytes & 0xC0C0_F0C0_C0F0 == 0x8080_E080_80E0 else { return false }
    let (first, second) = (bytes & 0x0F, bytes >> 24 & 0x0F)
    return first != 0 && first != 0x0D && second != 0 && second != 0x0D
  }
}
