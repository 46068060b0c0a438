// Owns the bytes of one row on its way into a segment: the form rows have in memory, in spill files and the journal.
// Invariants: equal values give equal payload bytes, so comparing payloads compares rows; marked kernel, readers of
// payloads from disk go through `RowPayload.validate` first.
//
// payload: [null bitmap, one bit a column, 1 = no value] then for each column with a value, in order:
//          integer: 8 bytes little endian;  text: length as varint, bytes

/// The engine's values of a row beside its payload.
package struct RowSystemValues: Sendable, Equatable {
  package var commit: UInt64
  package var batch: UInt64
  package var version: UInt32
  package var state: UInt8

  package init(commit: UInt64 = 0, batch: UInt64, version: UInt32 = 1, state: UInt8) {
    self.commit = commit
    self.batch = batch
    self.version = version
    self.state = state
  }
}

/// A row as the encoder takes it; the payload lives in memory of the caller.
package struct RowReference {
  package var key: UInt128
  package var system: RowSystemValues
  package var payload: UnsafeRawBufferPointer

  package init(key: UInt128, system: RowSystemValues, payload: UnsafeRawBufferPointer) {
    self.key = key
    self.system = system
    self.payload = payload
  }
}

/// Builds and takes apart payloads.
package enum RowPayload {
  @inlinable
  package static func bitmapBytes(_ columns: Int) -> Int { (columns + 7) >> 3 }

  /// A value of a row.
  package enum Cell: Sendable, Equatable {
    case null
    case integer(Int64)
    case text([UInt8])
  }

  /// Builds a payload from values.
  package static func encode(_ cells: [Cell]) -> [UInt8] {
    var buffer = ByteBuffer(capacity: 64)
    var bitmap = [UInt8](repeating: 0, count: bitmapBytes(cells.count))
    for (index, cell) in cells.enumerated() where cell == .null {
      bitmap[index >> 3] |= 1 << UInt8(index & 7)
    }
    buffer.append(contentsOf: bitmap)
    for cell in cells {
      switch cell {
      case .null: break
      case .integer(let value): buffer.append(value)
      case .text(let bytes):
        buffer.append(varint: UInt64(bytes.count))
        buffer.append(contentsOf: bytes)
      }
    }
    return buffer.bytes
  }

  /// Takes a payload apart; `nil` when it does not fit the schema.
  package static func decode(_ payload: UnsafeRawBufferPointer, _ schema: DatasetSchema) -> [Cell]? {
    var cells: [Cell] = []
    cells.reserveCapacity(schema.columns.count)
    let complete = walk(payload, schema) { _, cell in
      switch cell {
      case .null: cells.append(.null)
      case .integer(let value): cells.append(.integer(value))
      case .text(let bytes): cells.append(.text(Array(bytes)))
      }
    }
    return complete ? cells : nil
  }

  /// A value inside a payload.
  package enum View {
    case null
    case integer(Int64)
    case text(UnsafeRawBufferPointer)
  }

  /// Visits each column; false when the payload does not fit the schema.
  package static func walk(
    _ payload: UnsafeRawBufferPointer, _ schema: DatasetSchema, _ visit: (Int, View) -> Void
  ) -> Bool {
    var offset = bitmapBytes(schema.columns.count)
    guard payload.count >= offset else { return false }
    for index in schema.columns.indices {
      if payload[index >> 3] >> UInt8(index & 7) & 1 == 1 {
        visit(index, .null)
        continue
      }
      switch schema.columns[index].type {
      case .integer:
        guard payload.count - offset >= 8 else { return false }
        visit(
          index, .integer(Int64(littleEndian: payload.loadUnaligned(fromByteOffset: offset, as: Int64.self))))
        offset += 8
      case .text:
        guard let count = varint(payload, &offset), payload.count - offset >= count else { return false }
        visit(index, .text(UnsafeRawBufferPointer(rebasing: payload[offset..<offset + count])))
        offset += count
      }
    }
    return offset == payload.count
  }

  /// Reads a varint; `nil` when it passes the end or the largest value.
  @inline(__always)
  package static func varint(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> Int? {
    var value = 0
    var shift = 0
    while offset < bytes.count, shift < 35 {
      let byte = bytes[offset]
      offset += 1
      value |= Int(byte & 0x7F) << shift
      if byte < 0x80 { return value <= ColumnBlockLimits.valueBytes ? value : nil }
      shift += 7
    }
    return nil
  }

  /// The value by which rows of a subject are ordered; rows without one come first.
  package static func order(_ payload: UnsafeRawBufferPointer, _ schema: DatasetSchema) -> Int64 {
    guard let column = schema.orderColumn, payload.count >= bitmapBytes(schema.columns.count) else {
      return 0
    }
    if payload[column >> 3] >> UInt8(column & 7) & 1 == 1 { return .min }
    // Only the columns before it have to be passed.
    var offset = bitmapBytes(schema.columns.count)
    for index in 0..<column where payload[index >> 3] >> UInt8(index & 7) & 1 == 0 {
      if schema.columns[index].type == .integer {
        offset += 8
      } else {
        guard let count = varint(payload, &offset) else { return .min }
        offset += count
      }
    }
    guard offset + 8 <= payload.count else { return .min }
    return Int64(littleEndian: payload.loadUnaligned(fromByteOffset: offset, as: Int64.self))
  }
}
