// Owns taking many consecutive values out of a decoded block at once: what scans read.
// Invariants: rows lie inside the block (callers took them from the directory, and the block was checked against it); every place of the
// target is written; values agree with those read one by one. Marked kernel: targets have room for as many values as rows.
// Does not read texts: they are looked up by their codes, or one by one.

import CStorageKernels

/// A code that no dictionary has: the row has no value.
package let absentCode = UInt32.max

/// Whose text a row has, where rows share those of their keys or subjects.
package enum SharedText {
  /// That of its key or subject.
  package static let shared: UInt8 = 0
  /// None.
  package static let none: UInt8 = 1
  /// Another one.
  package static let own: UInt8 = 2
}

extension DecodedBlock {
  /// Writes the integers of consecutive rows, 0 where there is none, and for each row whether it has none (1).
  ///
  /// - Returns: whether some row has none.
  package func integers(
    _ rows: Range<Int>, to values: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    let stored = self.values(of: rows)
    unpack(packedOffset, stored, width: width, adding: UInt64(bitPattern: base), to: values)
    if let exceptions {
      let shift = UInt64(width)
      exceptions.forEach(in: stored) { value, high in
        values[value &- stored.lowerBound] &+= Int64(bitPattern: high &<< shift)
      }
    }
    remainders?.complete(stored, bytes.base, in: values)
    spread(rows, in: values)
    guard self.nulls(rows, to: nulls) else { return false }
    for place in 0..<rows.count where nulls[place] == 1 { values[place] = 0 }
    return true
  }

  /// Writes for each of consecutive rows whether it has no value (1).
  ///
  /// - Returns: whether some row has none.
  @discardableResult
  package func nulls(_ rows: Range<Int>, to nulls: UnsafeMutablePointer<UInt8>) -> Bool {
    guard nullOffset >= 0 else {
      nulls.update(repeating: 0, count: rows.count)
      return false
    }
    var found: UInt8 = 0
    let bitmap = bytes.base + nullOffset
    let stored = values(of: rows)
    for place in 0..<stored.count {
      let isAbsent: UInt8 = NullBitmap.isNull(bitmap, stored.lowerBound &+ place) ? 1 : 0
      nulls[place] = isAbsent
      found |= isAbsent
    }
    spread(rows, in: nulls)
    return found == 1
  }

  /// Writes for each of consecutive rows whose text it has.
  ///
  /// - Returns: whether some row has none, or one of its own; `nil` where texts are neither of keys nor of subjects.
  func sharedTexts(_ rows: Range<Int>, to kinds: UnsafeMutablePointer<UInt8>) -> Bool? {
    guard form == .key || form == .subject else { return nil }
    // Such blocks leave no repeats out: values are rows. 1 stands for "none" in both.
    var hasOthers = nulls(rows, to: kinds)
    guard form == .subject else { return hasOthers }
    exceptions?.forEach(in: rows) { row, _ in
      guard kinds[row &- rows.lowerBound] != SharedText.none else { return }
      kinds[row &- rows.lowerBound] = SharedText.own
      hasOthers = true
    }
    return hasOthers
  }

  /// Writes a number of each of consecutive rows, 0 where the block has no such number.
  package func numbers(_ index: Int, _ rows: Range<Int>, to values: UnsafeMutablePointer<Int64>) {
    guard index < numbers.count else {
      values.update(repeating: 0, count: rows.count)
      return
    }
    let stretch = numbers[index]
    unpack(stretch.offset, self.values(of: rows), width: stretch.width, adding: stretch.base, to: values)
    spread(rows, in: values)
  }

  private func unpack(
    _ offset: Int, _ stored: Range<Int>, width: Int, adding smallest: UInt64,
    to values: UnsafeMutablePointer<Int64>
  ) {
    values.withMemoryRebound(to: UInt64.self, capacity: stored.count) { target in
      BitPacking.unpack(bytes.base + offset, stored, width: width, adding: smallest, to: target)
    }
  }

  /// The numbers of consecutive rows as they are packed; `nil` where they do not tell a value, or take more bits than can be compared so.
  func packedNumbers(_ rows: Range<Int>) -> PackedNumbers? {
    guard form == .none, remainders == nil, width <= cstorage_narrow_bits,
      // Numbers that wrap around are no distances from the smallest; no block that is written has such.
      !base.addingReportingOverflow(1 << Int64(width) - 1).overflow
    else { return nil }
    let stored = values(of: rows)
    return PackedNumbers(
      base: bytes.base + packedOffset, first: stored.lowerBound, width: width, smallest: base,
      exceptions: exceptions, nulls: nullOffset >= 0 ? bytes.base + nullOffset : nil,
      spread: repeatedOffset.map {
        PackedNumbers.Spread(rows: bytes.base + $0, firstRow: rows.lowerBound, numbers: stored.count)
      })
  }

  /// Writes the codes of consecutive rows of a coded block, `absentCode` where there is none.
  package func codes(_ rows: Range<Int>, to codes: UnsafeMutablePointer<UInt32>) {
    let smallest = UInt32(truncatingIfNeeded: base)
    let stored = values(of: rows)
    BitPacking.unpack(bytes.base + packedOffset, stored, width: width, adding: smallest, to: codes)
    markAbsent(stored, in: codes)
    spread(rows, in: codes)
  }

  /// Turns codes of the other column into those of a mapped block's rows; false where the map does not know one.
  package func mapCodes(_ rows: Range<Int>, _ map: CodeMap, in codes: UnsafeMutablePointer<UInt32>) -> Bool {
    let someAbsent = map.map(codes, count: rows.count)
    exceptions?.forEach(in: rows) { row, code in
      codes[row &- rows.lowerBound] = UInt32(truncatingIfNeeded: code)
    }
    guard someAbsent || nullOffset >= 0 else { return true }
    for place in 0..<rows.count where codes[place] == absentCode && !isNull(rows.lowerBound &+ place) {
      return false
    }
    markAbsent(rows, in: codes)
    return true
  }

  /// - Parameter values: numbers of stored values.
  private func markAbsent(_ values: Range<Int>, in codes: UnsafeMutablePointer<UInt32>) {
    guard nullOffset >= 0 else { return }
    let bitmap = bytes.base + nullOffset
    for place in 0..<values.count where NullBitmap.isNull(bitmap, values.lowerBound &+ place) {
      codes[place] = absentCode
    }
  }
}
