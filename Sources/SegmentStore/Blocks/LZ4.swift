// Owns the calls into liblz4.
// Invariants: decoding never writes beyond the raw length its caller checked; a wrong length is damage, not a trap.
// Does not decide where compression pays.

import CLZ4

/// LZ4 blocks through the installed library.
package enum LZ4 {
  /// Compresses into `target`; returns the length, or `nil` when the result would not fit.
  ///
  /// - Parameter acceleration: 1 compresses best; larger numbers are faster and compress less.
  package static func compress(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, acceleration: Int = 1
  ) -> Int? {
    guard let from = source.baseAddress, let to = target.baseAddress, source.count <= Int(LZ4_MAX_INPUT_SIZE)
    else {
      return nil
    }
    let count = LZ4_compress_fast(
      from.assumingMemoryBound(to: CChar.self), to.assumingMemoryBound(to: CChar.self), Int32(source.count),
      Int32(clamping: target.count), Int32(clamping: acceleration))
    return count > 0 ? Int(count) : nil
  }

  /// Compresses as well as the format allows (LZ4 HC, level 9): some ten times slower, read back as fast.
  package static func compressHard(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard let from = source.baseAddress, let to = target.baseAddress, source.count <= Int(LZ4_MAX_INPUT_SIZE)
    else {
      return nil
    }
    let count = LZ4_compress_HC(
      from.assumingMemoryBound(to: CChar.self), to.assumingMemoryBound(to: CChar.self), Int32(source.count),
      Int32(clamping: target.count), 9)
    return count > 0 ? Int(count) : nil
  }

  /// Decompresses exactly `target.count` bytes; false when the source is not such a block.
  package static func decompress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer)
    -> Bool
  {
    guard let from = source.baseAddress, let to = target.baseAddress else { return target.isEmpty }
    let count = LZ4_decompress_safe(
      from.assumingMemoryBound(to: CChar.self), to.assumingMemoryBound(to: CChar.self),
      Int32(clamping: source.count),
      Int32(clamping: target.count))
    return Int(count) == target.count
  }
}
