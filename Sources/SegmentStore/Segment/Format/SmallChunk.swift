// Owns the form of a chunk with few rows: row by row, so that a dataset of three rows costs tens of bytes and not a block for each column.
// Invariants: docs/file-format.md ("Bundle") draws every byte; in a column either all texts are those of their keys or none is; what is read
// becomes column blocks in memory, so that readers need not know the difference. Marked kernel: reading checks every length.
// Does not decide which chunks are small (SegmentWriter) and does not read files.

/// A row on its way into a small chunk.
package struct SmallRow {
  package var key: UInt128
  package var system: RowSystemValues
  /// The commit that superseded the row; 0 outside history.
  package var superseded: UInt64
  /// As in the journal.
  package var payload: [UInt8]

  package init(key: UInt128, system: RowSystemValues, superseded: UInt64 = 0, payload: [UInt8]) {
    self.key = key
    self.system = system
    self.superseded = superseded
    self.payload = payload
  }
}

package enum SmallChunk {
  /// Rows and bytes of payloads up to which a chunk is small: beyond, columns pay.
  package static let rowLimit = 256
  package static let byteLimit = 4096
  /// Bytes of a bundle at which the next one is begun.
  package static let bundleBytes = 32 << 10

  /// Whether so many rows of so many bytes belong into a bundle.
  package static func isSmall(rows: Int, bytes: Int) -> Bool { rows <= rowLimit && bytes <= byteLimit }

  // MARK: Writing

  /// Appends the image of a chunk; false when a payload does not fit the schema.
  package static func encode(
    _ rows: [SmallRow], _ schema: DatasetSchema, isHistory: Bool, keyText: KeyText, to arena: ByteArena
  ) -> Bool {
    let keyColumns = keyColumns(rows, schema, keyText)
    var buffer = ByteBuffer(capacity: byteLimit)
    buffer.append(UInt32(schema.columns.count))
    for column in schema.columns {
      buffer.append(column.id)
      buffer.append(UInt32(column.type.rawValue))
    }
    for row in rows {
      buffer.append(varint: row.system.commit)
      buffer.append(varint: row.system.batch)
      buffer.append(varint: UInt64(row.system.version))
      buffer.append(varint: UInt64(row.system.state))
      if isHistory { buffer.append(varint: row.superseded) }
      buffer.append(contentsOf: row.payload.prefix(RowPayload.bitmapBytes(schema.columns.count)))
      let fits = row.payload.withUnsafeBytes { payload in
        RowPayload.walk(payload, schema) { column, value in
          switch value {
          case .null: break
          case .integer(let number):
            buffer.append(varint: UInt64(bitPattern: number &<< 1 ^ number &>> 63))
          case .text(let text):
            if keyColumns[column] {
              buffer.append(varint: 0)
            } else {
              buffer.append(varint: UInt64(text.count + 1))
              buffer.append(raw: text)
            }
          }
        }
      }
      guard fits else { return false }
    }
    buffer.bytes.withUnsafeBytes { arena.append($0) }
    return true
  }

  /// Columns whose texts are all those of their keys.
  private static func keyColumns(_ rows: [SmallRow], _ schema: DatasetSchema, _ keyText: KeyText) -> [Bool] {
    var isKey = schema.columns.map { $0.type == .text }
    let rendered = UnsafeMutableRawPointer.allocate(byteCount: CodedRow.maximumKeyTextBytes, alignment: 8)
    defer { rendered.deallocate() }
    for row in rows {
      let key = UnsafeRawBufferPointer(start: rendered, count: keyText(row.key, rendered))
      row.payload.withUnsafeBytes { payload in
        _ = RowPayload.walk(payload, schema) { column, value in
          if case .text(let text) = value, key.isEmpty || !text.elementsEqual(key) { isKey[column] = false }
        }
      }
    }
    return isKey
  }

  // MARK: Reading

  /// Bounds of the states of a chunk's rows.
  package static func states(
    _ bundle: UnsafeRawBufferPointer, at place: Int, rowCount: Int, columnCount: Int,
    _ damage: (String) -> StoreError
  ) throws(StoreError) -> ClosedRange<Int64> {
    var (reader, schema, engineColumns) = try head(
      bundle, at: place, rowCount: rowCount, columnCount: columnCount, damage)
    var bounds: ClosedRange<Int64>?
    for _ in 0..<rowCount {
      guard let state = reader.skipRow(system: engineColumns.count, schema) else {
        throw damage("a row of a small chunk does not fit its columns")
      }
      bounds = bounds.map { min($0.lowerBound, state)...max($0.upperBound, state) } ?? state...state
    }
    guard let bounds else { throw damage("an impossible small chunk") }
    return bounds
  }

  /// What stands before the rows, and a reader that stands at the first.
  private static func head(
    _ bundle: UnsafeRawBufferPointer, at place: Int, rowCount: Int, columnCount: Int,
    _ damage: (String) -> StoreError
  ) throws(StoreError) -> (reader: ImageReader, schema: [ColumnSchema], engine: [SystemColumn]) {
    guard rowCount > 0, rowCount <= rowLimit, place <= bundle.count else {
      throw damage("an impossible small chunk")
    }
    var reader = ImageReader(bytes: bundle, offset: place)
    guard let count = reader.u32(), count <= UInt32(DatasetSchema.maximumColumns),
      Int(count) * 8 <= bundle.count - reader.offset
    else { throw damage("a small chunk has an impossible number of columns") }
    let engineColumns = SystemColumn.always + (columnCount - Int(count) == 5 ? [.superseded] : [])
    guard columnCount - Int(count) == engineColumns.count else {
      throw damage("a small chunk and its directory disagree about columns")
    }
    var schema: [ColumnSchema] = []
    for _ in 0..<count {
      guard let id = reader.u32(), let kind = reader.u32(), kind <= 255,
        let type = ColumnType(rawValue: UInt8(kind))
      else { throw damage("a small chunk has an unknown column type") }
      schema.append(ColumnSchema(id: id, type: type))
    }
    // Each row takes a byte for every column of the engine and its bitmap at least: memory is taken for rows that can be there.
    let leastBytes = rowCount * (engineColumns.count + RowPayload.bitmapBytes(schema.count))
    guard leastBytes <= bundle.count - reader.offset else { throw damage("a small chunk ends too early") }
    return (reader, schema, engineColumns)
  }

  /// The columns of a chunk, with their blocks in memory.
  package struct Decoded {
    package var columns: [ColumnEntry]
    /// First byte behind the chunk.
    package var end: Int
  }

  /// Reads a chunk of a raw bundle.
  ///
  /// - Parameter columnCount: as the directory counts them, with the engine's: four, or five in history.
  package static func decode(
    _ bundle: UnsafeRawBufferPointer, at place: Int, rowCount: Int, columnCount: Int,
    _ damage: (String) -> StoreError
  ) throws(StoreError) -> Decoded {
    var (reader, schema, engineColumns) = try head(
      bundle, at: place, rowCount: rowCount, columnCount: columnCount, damage)
    let all = engineColumns.map { ColumnSchema(id: $0.rawValue, type: .integer) } + schema
    let cells = CellTable(columns: all, rows: rowCount)
    for row in 0..<rowCount {
      guard reader.readRow(row, system: engineColumns.count, schema, into: cells) else {
        throw damage("a row of a small chunk does not fit its columns")
      }
    }
    var columns: [ColumnEntry] = []
    for (index, column) in all.enumerated() {
      guard let entry = try cells.entry(index, column, bundle, damage) else {
        throw damage("a small chunk mixes texts and keys in a column")
      }
      columns.append(entry)
    }
    return Decoded(columns: columns, end: reader.offset)
  }
}

/// The cells of a small chunk, column by column.
private final class CellTable {
  /// A cell: an integer, or where a text lies in the bundle; a negative length says that the text is that of the key.
  struct Cell {
    var isNull = true
    var number: Int64 = 0
    var length = 0
  }

  private var cells: [Cell]
  private let rows: Int

  init(columns: [ColumnSchema], rows: Int) {
    self.rows = rows
    cells = Array(repeating: Cell(), count: columns.count * rows)
  }

  func set(_ column: Int, _ row: Int, _ cell: Cell) { cells[column * rows + row] = cell }

  /// The column as a block in memory; `nil` when it mixes texts of keys with others.
  func entry(
    _ index: Int, _ column: ColumnSchema, _ bundle: UnsafeRawBufferPointer, _ damage: (String) -> StoreError
  ) throws(StoreError) -> ColumnEntry? {
    let own = cells[index * rows..<(index + 1) * rows]
    let present = own.filter { !$0.isNull }
    let keys = present.count { $0.length < 0 }
    guard keys == 0 || keys == present.count else { return nil }
    let nulls = own.map(\.isNull)
    let arena = ByteArena(capacity: 256)
    let encoding: Encoding
    var bounds: (minimum: Int64, maximum: Int64) = (0, 0)
    if column.type == .integer {
      let encoded = own.map(\.number).withUnsafeBufferPointer { values in
        nulls.withUnsafeBufferPointer {
          IntegerEncoding.encode(values: values, nulls: $0, nullCount: rows - present.count, to: arena)
        }
      }
      encoding = encoded.encoding
      bounds = (encoded.minimum, encoded.maximum)
    } else if keys > 0 {
      encoding = .keyText
      nulls.withUnsafeBufferPointer {
        CodedTextEncoding.encodeKeys(count: rows, nulls: $0, nullCount: rows - present.count, to: arena)
      }
    } else {
      let base = bundle.baseAddress ?? UnsafeRawPointer(arena.base)
      let texts = own.map { TextReference(base: base + Int($0.number), count: $0.length) }
      encoding = texts.withUnsafeBufferPointer { texts in
        nulls.withUnsafeBufferPointer {
          TextEncoding.encodePlain(texts: texts, nulls: $0, nullCount: rows - present.count, to: arena)
        }
      }
    }
    let header = BlockHeader(
      kind: .column, codec: .none, encoding: encoding.rawValue, rowCount: UInt32(rows),
      storedLength: UInt32(arena.count), rawLength: UInt32(arena.count), columnID: column.id)
    let raw = try BlockBytes(count: arena.count) { $0.copyMemory(from: arena.bytes) }
    let block = try DecodedBlock(header, raw, file: damage("").file ?? "", offset: 0)
    var entry = ColumnEntry(id: column.id, type: column.type)
    entry.blocks = [
      ColumnBlockEntry(
        firstRow: 0, rowCount: UInt32(rows), location: BlockLocation(offset: 0, length: 0, checksum: 0),
        minimum: bounds.minimum, maximum: bounds.maximum)
    ]
    entry.inMemory = block
    return entry
  }
}

/// Reads the parts of an image; every step checks that it stays inside the bundle.
private struct ImageReader {
  let bytes: UnsafeRawBufferPointer
  var offset: Int

  mutating func u32() -> UInt32? {
    guard bytes.count - offset >= 4 else { return nil }
    defer { offset += 4 }
    return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// At most ten bytes, and no bit beyond 64.
  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for place in 0..<10 {
      guard offset < bytes.count else { return nil }
      let byte = bytes[offset]
      offset += 1
      if place == 9, byte > 1 { return nil }
      value |= UInt64(byte & 0x7F) << UInt64(7 * place)
      if byte < 0x80 { return value }
    }
    return nil
  }

  /// Passes over a row; gives its state.
  mutating func skipRow(system: Int, _ schema: [ColumnSchema]) -> Int64? {
    var state: Int64?
    for index in 0..<system {
      guard let value = varint() else { return nil }
      if index == SystemColumn.state.index { state = Int64(bitPattern: value) }
    }
    let bitmap = offset
    offset += RowPayload.bitmapBytes(schema.count)
    guard offset <= bytes.count else { return nil }
    for (index, column) in schema.enumerated() where bytes[bitmap + index >> 3] >> UInt8(index & 7) & 1 == 0 {
      guard let value = varint() else { return nil }
      if column.type == .text, value > 0 {
        guard value - 1 <= UInt64(bytes.count - offset) else { return nil }
        offset += Int(value - 1)
      }
    }
    return state
  }

  mutating func readRow(_ row: Int, system: Int, _ schema: [ColumnSchema], into cells: CellTable) -> Bool {
    for index in 0..<system {
      guard let value = varint() else { return false }
      cells.set(index, row, CellTable.Cell(isNull: false, number: Int64(bitPattern: value)))
    }
    let bitmap = offset
    offset += RowPayload.bitmapBytes(schema.count)
    guard offset <= bytes.count else { return false }
    for (index, column) in schema.enumerated() where bytes[bitmap + index >> 3] >> UInt8(index & 7) & 1 == 0 {
      guard let value = varint() else { return false }
      var cell = CellTable.Cell(isNull: false)
      if column.type == .integer {
        cell.number = Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
      } else if value == 0 {
        cell.length = -1
      } else {
        guard value - 1 <= UInt64(bytes.count - offset) else { return false }
        cell.length = Int(value - 1)
        cell.number = Int64(offset)
        offset += cell.length
      }
      cells.set(system + index, row, cell)
    }
    return true
  }
}
