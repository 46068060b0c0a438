// Owns finding where CSV records end, so that chunks can be parsed apart.
// Invariants: reads quotes exactly as RecordParser does: a quote opens only at the start of a field, a doubled quote
// inside is one quote, text behind a closing quote is literal. Marked kernel: pointers stay inside the buffer.

package enum RecordSplitter {
  /// What a stretch of bytes that begins at the start of a record says about boundaries.
  package struct Boundary {
    /// End of the last whole record, terminator included; 0 when none ends here.
    package var end: Int
    /// Whether the bytes end inside quotes.
    package var endsInQuotes: Bool
  }

  /// Finds the last record that ends within the bytes.
  ///
  /// - Parameter isLast: whether nothing follows: a carriage return at the very end then ends a record.
  package static func lastBoundary(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> Boundary {
    // Only newlines near the end matter; a second pass looks everywhere when a record is longer than that.
    let near = scan(bytes, searchFrom: max(0, bytes.count - (256 << 10)), isLast: isLast)
    return near.end > 0 || bytes.count <= 256 << 10 ? near : scan(bytes, searchFrom: 0, isLast: isLast)
  }

  private static func scan(_ bytes: UnsafeRawBufferPointer, searchFrom: Int, isLast: Bool) -> Boundary {
    guard let base = bytes.baseAddress else { return Boundary(end: 0, endsInQuotes: false) }
    var position = 0
    var end = 0
    while position < bytes.count {
      // Outside quotes: find the quote that opens a field.
      var open = position
      while true {
        open = nextQuote(base, open, bytes.count)
        if open == 0 || open == bytes.count { break }
        let before = bytes[open - 1]
        if before == 0x2C || before == 0x0A || before == 0x0D { break }
        open += 1
      }
      if open >= searchFrom,
        let last = lastTerminator(bytes, max(position, searchFrom)..<min(open, bytes.count), isLast)
      {
        end = last
      }
      guard open < bytes.count else { return Boundary(end: end, endsInQuotes: false) }
      guard let close = closingQuote(bytes, after: open) else {
        return Boundary(end: end, endsInQuotes: true)
      }
      position = close + 1
    }
    return Boundary(end: end, endsInQuotes: false)
  }

  /// Index of the quote that closes the field opened at `open`; `nil` when it is not in the bytes.
  private static func closingQuote(_ bytes: UnsafeRawBufferPointer, after open: Int) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var position = open + 1
    while true {
      let quote = nextQuote(base, position, bytes.count)
      if quote == bytes.count { return nil }
      if quote + 1 < bytes.count, bytes[quote + 1] == 0x22 {
        position = quote + 2
      } else {
        return quote
      }
    }
  }

  /// Index of the next quote, or `count`. Quotes stand close together: calling `memchr` for each costs more than looking at
  /// eight bytes at a time here.
  @inline(__always)
  private static func nextQuote(_ base: UnsafeRawPointer, _ start: Int, _ count: Int) -> Int {
    var index = start
    // Invariant: index + 8 <= count.
    while index &+ 8 <= count {
      let word =
        base.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ 0x2222_2222_2222_2222
      // The lowest set top bit marks the first byte that became zero.
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      if zeros != 0 { return index &+ zeros.trailingZeroBitCount >> 3 }
      index &+= 8
    }
    while index < count, base.load(fromByteOffset: index, as: UInt8.self) != 0x22 { index &+= 1 }
    return index
  }

  /// End of the last line terminator in a range outside quotes.
  private static func lastTerminator(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ isLast: Bool)
    -> Int?
  {
    var index = range.upperBound
    while index > range.lowerBound {
      index -= 1
      if bytes[index] == 0x0A { return index + 1 }
      // A carriage return at the end of the bytes may be half of a pair.
      if bytes[index] == 0x0D, index + 1 < bytes.count || isLast { return index + 1 }
    }
    return nil
  }
}
