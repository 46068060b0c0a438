// Owns the compact form of a row while a batch is gathered: small numbers and codes instead of texts.
// Invariants: a row means something only together with the pools of the worker that wrote it; rows are made and read inside one
// process, never stored (spill files live as long as their batch). Marked kernel: readers check every length against the row.
//
// row: [null bitmap, 1 = no value] then for each column with a value:
//   integer  u8 n, n bytes: the zigzag number without leading zero bytes
//   text     u8 0 to 4, u16 code in the column's pool, then so many numbers, each u8 n, n bytes
//            0xFE: the text of the row's key
//            0xFF, u32 length, bytes
// Reading a number takes 8 bytes at a time: rows have as many readable bytes behind them.

/// Renders a key as text: writes at most 32 bytes and returns how many; 0 when the key has no text.
public typealias KeyText = @Sendable (UInt128, UnsafeMutableRawPointer) -> Int

/// For stores whose keys have no text.
package let noKeyText: KeyText = { _, _ in 0 }

package enum CodedRow {
  package static let keyTag: UInt8 = 0xFE
  package static let textTag: UInt8 = 0xFF
  /// Bytes of a key's text at most.
  package static let maximumKeyTextBytes = 32

  // MARK: Writing

  @inline(__always)
  private static func append(number: UInt64, to target: UnsafeMutableRawPointer) -> Int {
    let count = (71 &- number.leadingZeroBitCount) >> 3
    target.storeBytes(of: UInt8(truncatingIfNeeded: count), as: UInt8.self)
    target.storeBytes(of: number.littleEndian, toByteOffset: 1, as: UInt64.self)
    return count &+ 1
  }

  /// Bytes that a text cell takes at most.
  @inline(__always)
  package static func room(text count: Int) -> Int { count &+ 5 &+ TextTemplate.maximumHoles * 9 &+ 8 }
  /// Bytes that an integer cell takes at most, with those behind it that writing touches.
  package static let integerRoom = 17

  /// Writes an integer; returns the bytes written.
  @inline(__always)
  package static func write(integer: Int64, to target: UnsafeMutableRawPointer) -> Int {
    append(number: UInt64(bitPattern: integer &<< 1 ^ integer &>> 63), to: target)
  }

  /// Writes that a text is the key's.
  @inline(__always)
  package static func writeKey(to target: UnsafeMutableRawPointer) -> Int {
    target.storeBytes(of: keyTag, as: UInt8.self)
    return 1
  }

  /// Writes a text as a code with its numbers.
  @inline(__always)
  package static func write(
    code: Int, holes: Int, numbers: UnsafeMutablePointer<UInt64>, to target: UnsafeMutableRawPointer
  ) -> Int {
    target.storeBytes(of: UInt8(truncatingIfNeeded: holes), as: UInt8.self)
    target.storeBytes(of: UInt16(truncatingIfNeeded: code), toByteOffset: 1, as: UInt16.self)
    var written = 3
    for hole in 0..<holes { written &+= append(number: numbers[hole], to: target + written) }
    return written
  }

  /// Writes a text itself.
  @inline(__always)
  package static func write(text: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) -> Int {
    target.storeBytes(of: textTag, as: UInt8.self)
    target.storeBytes(of: UInt32(truncatingIfNeeded: text.count), toByteOffset: 1, as: UInt32.self)
    if let base = text.baseAddress { (target + 5).copyMemory(from: base, byteCount: text.count) }
    return 5 &+ text.count
  }

  // MARK: Reading

  /// Reads a number; `nil` when the row ends before.
  @inline(__always)
  package static func number(_ row: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt64? {
    guard offset < row.count, let base = row.baseAddress else { return nil }
    let count = Int(base.load(fromByteOffset: offset, as: UInt8.self))
    guard count <= 8, offset &+ count < row.count else { return nil }
    let word = base.loadUnaligned(fromByteOffset: offset &+ 1, as: UInt64.self).littleEndian
    offset &+= count &+ 1
    return count == 8 ? word : word & (1 << UInt64(truncatingIfNeeded: count &* 8) &- 1)
  }

  @inline(__always)
  package static func integer(_ row: UnsafeRawBufferPointer, _ offset: inout Int) -> Int64? {
    guard let zigzag = number(row, &offset) else { return nil }
    return Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
  }

  /// A text cell: its tag, and where code or bytes lie.
  package enum TextCell {
    case key
    case text(UnsafeRawBufferPointer)
    /// The numbers follow at the offset.
    case code(Int, holes: Int)
  }

  /// Reads the head of a text cell; the numbers of a code are still to be read.
  @inline(__always)
  package static func text(_ row: UnsafeRawBufferPointer, _ offset: inout Int) -> TextCell? {
    guard offset < row.count, let base = row.baseAddress else { return nil }
    let tag = base.load(fromByteOffset: offset, as: UInt8.self)
    if tag <= UInt8(TextTemplate.maximumHoles) {
      guard offset &+ 3 <= row.count else { return nil }
      let code = base.loadUnaligned(fromByteOffset: offset &+ 1, as: UInt16.self)
      offset &+= 3
      return .code(Int(code), holes: Int(tag))
    }
    if tag == keyTag {
      offset &+= 1
      return .key
    }
    guard tag == textTag, offset &+ 5 <= row.count else { return nil }
    let count = Int(base.loadUnaligned(fromByteOffset: offset &+ 1, as: UInt32.self))
    guard count <= row.count &- offset &- 5 else { return nil }
    let text = UnsafeRawBufferPointer(start: base + offset + 5, count: count)
    offset &+= 5 &+ count
    return .text(text)
  }

  /// The plain form of a row, as the journal has it; `nil` when the row does not fit.
  ///
  /// - Parameter pools: the pools of the worker that wrote the row, by column.
  package static func payload(
    _ row: UnsafeRawBufferPointer, _ schema: DatasetSchema, key: UInt128, pools: [TextPool?], keyText: KeyText
  ) -> [UInt8]? {
    let bitmap = RowPayload.bitmapBytes(schema.columns.count)
    guard row.count >= bitmap else { return nil }
    var payload = ByteBuffer(capacity: row.count * 2)
    payload.append(raw: UnsafeRawBufferPointer(rebasing: row[..<bitmap]))
    let rendered = ByteArena(capacity: maximumKeyTextBytes)
    var offset = bitmap
    func append(_ text: UnsafeRawBufferPointer) {
      payload.append(varint: UInt64(text.count))
      payload.append(raw: text)
    }
    for (index, column) in schema.columns.enumerated() where row[index >> 3] >> UInt8(index & 7) & 1 == 0 {
      if column.type == .integer {
        guard let value = integer(row, &offset) else { return nil }
        payload.append(value)
        continue
      }
      switch text(row, &offset) {
      case nil: return nil
      case .text(let text): append(text)
      case .key:
        append(UnsafeRawBufferPointer(start: rendered.base, count: keyText(key, rendered.base)))
      case .code(let code, let holes):
        guard let pool = pools[index], code < pool.count else { return nil }
        let entry = pool[code]
        if holes == 0 {
          append(entry.bytes)
          continue
        }
        var numbers: [UInt64] = []
        for _ in 0..<holes {
          guard let value = number(row, &offset) else { return nil }
          numbers.append(value)
        }
        guard Int(entry.holes) == holes else { return nil }
        rendered.truncate(to: 0)
        let target = rendered.reserve(TextTemplate.textCount(entry.bytes))
        append(
          UnsafeRawBufferPointer(
            start: target, count: TextTemplate.render(entry.bytes, to: target) { numbers[$0] }))
      }
    }
    return payload.bytes
  }
}

extension CodedRow {
  /// One text of a row, without putting the others together.
  package enum OneText {
    case absent
    case text(UnsafeRawBufferPointer)
    /// The row does not fit.
    case misread
  }

  /// The text of one column.
  ///
  /// - Parameters:
  ///   - pool: the pool of that column of the worker that wrote the row.
  ///   - scratch: where a text that has to be put together lies until the next call.
  package static func text(
    ofColumn wanted: Int, _ row: UnsafeRawBufferPointer, _ schema: DatasetSchema, key: UInt128,
    pool: TextPool?,
    keyText: KeyText, scratch: ByteArena
  ) -> OneText {
    var offset = RowPayload.bitmapBytes(schema.columns.count)
    guard row.count >= offset else { return .misread }
    guard row[wanted >> 3] >> UInt8(wanted & 7) & 1 == 0 else { return .absent }
    for column in 0..<wanted where row[column >> 3] >> UInt8(column & 7) & 1 == 0 {
      if schema.columns[column].type == .integer {
        guard number(row, &offset) != nil else { return .misread }
        continue
      }
      switch text(row, &offset) {
      case nil: return .misread
      case .text, .key: break
      case .code(_, let holes):
        for _ in 0..<holes { guard number(row, &offset) != nil else { return .misread } }
      }
    }
    scratch.truncate(to: 0)
    switch text(row, &offset) {
    case nil: return .misread
    case .text(let text): return .text(text)
    case .key:
      let target = scratch.reserve(maximumKeyTextBytes)
      return .text(UnsafeRawBufferPointer(start: target, count: keyText(key, target)))
    case .code(let code, let holes):
      guard let pool, code < pool.count else { return .misread }
      let entry = pool[code]
      guard Int(entry.holes) == holes else { return .misread }
      if holes == 0 { return .text(entry.bytes) }
      var numbers: [UInt64] = []
      for _ in 0..<holes {
        guard let value = number(row, &offset) else { return .misread }
        numbers.append(value)
      }
      let target = scratch.reserve(TextTemplate.textCount(entry.bytes))
      let count = TextTemplate.render(entry.bytes, to: target) { numbers[$0] }
      return .text(UnsafeRawBufferPointer(start: target, count: count))
    }
  }
}

/// The hash of a row's values by which equal rows find each other: the same for a row being collected and a stored one.
package enum ContentHash {
  package static let start: UInt64 = 0x2545_F491_4F6C_DD1D
  package static let null: UInt64 = 0x9FB2_1C65_1E98_DF25

  /// The hash of a row in plain form.
  package static func hash(_ payload: UnsafeRawBufferPointer, _ schema: DatasetSchema) -> UInt64 {
    var hash = start
    _ = RowPayload.walk(payload, schema) { _, cell in hash = TextHash.combine(hash, value(cell)) }
    return hash
  }

  /// What one cell of a row in plain form adds.
  package static func value(_ cell: RowPayload.View) -> UInt64 {
    switch cell {
    case .null: null
    case .integer(let value): UInt64(bitPattern: value)
    case .text(let text): TextHash.hash(text)
    }
  }
}
