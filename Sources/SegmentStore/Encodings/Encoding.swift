// Owns the numbers that name the encodings of column blocks.
// Invariants: numbers are part of the file format and never reused.

/// How the raw bytes of a column block hold its values.
package enum Encoding: UInt8, Sendable {
  /// Integers as bit-packed differences from the smallest (IntegerEncoding).
  case frameOfReference = 1
  /// Texts one after the other with packed lengths (PlainTextEncoding).
  case plainText = 2
  /// Distinct texts once, and packed indexes (DictionaryTextEncoding).
  case dictionaryText = 3
  /// Indexes into the dictionary of the column, and the numbers of its templates (CodedTextEncoding).
  case codedText = 4
  /// Every text is that of its row's key (CodedTextEncoding).
  case keyText = 5
  /// Texts put together of phrases of the column's dictionary (PhraseEncoding).
  case phrases = 6
  /// Integers of which few are far from the others (PatchedIntegerEncoding).
  case patchedIntegers = 7
  /// Codes that follow from those of another column (MappedCodeEncoding).
  case mappedCodes = 8
  /// Integers most of which are multiples of one number (MultiplesEncoding). Only in segments whose header says so.
  case multiples = 9
  /// Texts that are those of their subjects, and the codes of those that are not (SubjectTexts). Only in segments whose header says so.
  case subjectTexts = 10

  /// Added to the number of an encoding whose block holds a value only where it differs from the one before (RepeatedRows).
  package static let repeats: UInt8 = 0x40
}

/// The limits of one column block.
package enum ColumnBlockLimits {
  /// Rows of a block at most: narrow columns stay under 32 KiB with it.
  package static let rows = 8192
  /// A block is closed when its texts reach this many bytes: about 10 microseconds to decompress.
  package static let textBytes = 32 << 10
  /// The same for texts stored as phrases, which shrink to a sixth or less and need no decompressing.
  package static let phraseBytes = 192 << 10
  /// Bytes of one value at most.
  package static let valueBytes = 16 << 20
}

/// The null bitmap in front of the values: bit 1 = no value; absent when every row has one.
package enum NullBitmap {
  package static func byteCount(_ rows: Int) -> Int { ((rows + 7) / 8 + 7) & ~7 }

  package static func append(rows: Int, to arena: ByteArena, isNull: (Int) -> Bool) {
    let offset = arena.appendZeros(byteCount(rows))
    for row in 0..<rows where isNull(row) {
      let byte = arena.base + offset + row >> 3
      byte.storeBytes(of: byte.load(as: UInt8.self) | 1 << UInt8(row & 7), as: UInt8.self)
    }
  }

  @inline(__always)
  package static func isNull(_ base: UnsafeRawPointer, _ row: Int) -> Bool {
    base.load(fromByteOffset: row >> 3, as: UInt8.self) >> UInt8(row & 7) & 1 == 1
  }

  /// Takes the bits of consecutive rows without a value away.
  static func removeNulls(
    _ base: UnsafeRawPointer, _ rows: Range<Int>, from bits: UnsafeMutablePointer<UInt64>
  ) {
    func word(_ number: Int) -> UInt64 {
      UInt64(littleEndian: base.loadUnaligned(fromByteOffset: number &* 8, as: UInt64.self))
    }
    let shift = UInt64(rows.lowerBound & 63)
    // Words behind that of the last row are not there to be read.
    let last = (rows.upperBound - 1) >> 6
    for index in 0..<(rows.count + 63) >> 6 {
      let number = rows.lowerBound >> 6 + index
      var nulls = word(number) >> shift
      if shift > 0, number < last { nulls |= word(number + 1) << (64 - shift) }
      bits[index] &= ~nulls
    }
  }
}
