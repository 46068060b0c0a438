// Owns the frames of the journal and the body of a commit frame.
// Invariants: a frame counts only with the journal's salt, the exact next number and the checksum of the frame before
// it; bodies are read through a checked reader.
//
// frame header, 48 bytes, at offsets that are multiples of 8:
//  0 u32 magic 0xF4A3E001  4 u32 kind  8 u64 salt  16 u64 number  24 u64 checksum of the frame before
// 32 u32 body length  36 u32 0  40 u64 checksum

/// What a frame says.
package enum FrameKind: UInt32, Sendable {
  case commit = 1
  case close = 2
}

package enum JournalFrame {
  package static let magic: UInt32 = 0xF4A3_E001
  package static let headerSize = 48
  package static let maximumBody = 256 << 20

  /// The bytes of a frame, padded to a multiple of eight, and its checksum.
  package static func encode(
    kind: FrameKind, salt: UInt64, number: UInt64, previous: UInt64, body: [UInt8], offset: Int64
  ) -> (bytes: [UInt8], checksum: UInt64) {
    var buffer = ByteBuffer(capacity: headerSize + body.count + 8)
    buffer.append(magic)
    buffer.append(kind.rawValue)
    buffer.append(salt)
    buffer.append(number)
    buffer.append(previous)
    buffer.append(UInt32(body.count))
    buffer.append(UInt32(0))
    let checksum = Self.checksum(header: buffer.bytes, body: body[...], salt: salt, offset: offset)
    buffer.append(checksum)
    buffer.append(contentsOf: body)
    buffer.pad(to: 8)
    return (buffer.bytes, checksum)
  }

  /// XXH64 of the first 40 bytes of the header, seeded with the XXH64 of the body, seeded with salt and offset.
  package static func checksum(header: [UInt8], body: ArraySlice<UInt8>, salt: UInt64, offset: Int64)
    -> UInt64
  {
    let inner = body.withUnsafeBytes { XXHash64.hash($0, seed: salt ^ UInt64(bitPattern: offset)) }
    return header.withUnsafeBytes { XXHash64.hash(UnsafeRawBufferPointer(rebasing: $0[..<40]), seed: inner) }
  }
}

/// A segment as a commit names it.
package struct SegmentReference: Sendable, Equatable {
  package var id: SegmentID
  package var fileLength: Int64
  package var checksum: UInt64

  package init(id: SegmentID, fileLength: Int64, checksum: UInt64) {
    self.id = id
    self.fileLength = fileLength
    self.checksum = checksum
  }
}

/// One row of a small commit.
package struct InlineRow: Sendable {
  package var schema: Int
  package var key: UInt128
  package var batch: UInt64
  package var version: UInt32
  package var state: UInt8
  package var payload: [UInt8]
}

/// The address of a row: a position of a segment, or (segment 0) of the rows in memory.
package struct RowAddress: Hashable, Sendable, Comparable {
  package var segment: UInt64
  package var position: UInt32
  package init(segment: UInt64, position: UInt32) {
    self.segment = segment
    self.position = position
  }
  package static func < (left: RowAddress, right: RowAddress) -> Bool {
    (left.segment, left.position) < (right.segment, right.position)
  }
}

/// Everything one commit changes.
package struct CommitRecord: Sendable {
  package var commit: UInt64 = 0
  package var instantMilliseconds: Int64 = 0
  package var schemas: [DatasetSchema] = []
  package var rows: [InlineRow] = []
  package var segments: [SegmentReference] = []
  package var superseded: [RowAddress] = []

  package init() {}

  /// The body of the commit's frame; `superseded` must be sorted.
  package func encode() -> [UInt8] {
    var buffer = ByteBuffer(capacity: 256 + rows.reduce(0) { $0 + $1.payload.count + 48 })
    buffer.append(commit)
    buffer.append(instantMilliseconds)
    buffer.append(UInt32(schemas.count))
    for schema in schemas { schema.encode(to: &buffer) }
    buffer.append(UInt32(rows.count))
    for row in rows {
      buffer.append(UInt32(row.schema))
      buffer.append(row.key)
      buffer.append(row.batch)
      buffer.append(row.version)
      buffer.append(UInt32(row.state))
      buffer.append(UInt32(row.payload.count))
      buffer.append(contentsOf: row.payload)
    }
    buffer.append(UInt32(segments.count))
    for segment in segments { buffer.append(segment) }
    MarkList.encode(superseded, to: &buffer)
    return buffer.bytes
  }

  /// The commits in the body of a frame, one behind the other.
  package static func commits(
    in body: ArraySlice<UInt8>, file: String, offset: Int64
  ) throws(StoreError) -> [CommitRecord] {
    var reader = ByteReader(body, file: file, offset: offset)
    var records: [CommitRecord] = []
    repeat { records.append(try CommitRecord(&reader)) } while reader.remaining > 0
    return records
  }

  package init(_ reader: inout ByteReader) throws(StoreError) {
    commit = try reader.read()
    instantMilliseconds = try reader.read()
    let schemaCount = try reader.readCount(width: 16)
    for _ in 0..<schemaCount { schemas.append(try DatasetSchema(&reader)) }
    let rowCount = try reader.readCount(width: 40)
    for _ in 0..<rowCount {
      let schema = Int(try reader.read(UInt32.self))
      let key = try reader.read(UInt128.self)
      let batch = try reader.read(UInt64.self)
      let version = try reader.read(UInt32.self)
      let state = try reader.read(UInt32.self)
      let payload = Array(try reader.readBytes(try reader.readCount(width: 1)))
      guard schemas.indices.contains(schema), state <= 255,
        payload.withUnsafeBytes({ RowPayload.walk($0, schemas[schema]) { _, _ in } })
      else { throw reader.damage("a row does not fit its schema") }
      rows.append(
        InlineRow(
          schema: schema, key: key, batch: batch, version: version, state: UInt8(state), payload: payload))
    }
    let segmentCount = try reader.readCount(width: 24)
    for _ in 0..<segmentCount { segments.append(try reader.readSegment()) }
    superseded = try MarkList.decode(&reader)
  }
}

extension ByteBuffer {
  /// u64 id, u64 length, u64 checksum of the trailer.
  package mutating func append(_ segment: SegmentReference) {
    append(segment.id.rawValue)
    append(UInt64(segment.fileLength))
    append(segment.checksum)
  }
}

extension ByteReader {
  package mutating func readSegment() throws(StoreError) -> SegmentReference {
    let id = try read(UInt64.self)
    let length = try read(UInt64.self)
    guard id > 0, id < 1 << 62, length <= UInt64(Int64.max) else { throw damage("an impossible segment") }
    return SegmentReference(id: SegmentID(rawValue: id), fileLength: Int64(length), checksum: try read())
  }
}

extension DatasetSchema {
  /// u32 dataset, u32 version, u32 order column + 1 (0 = none), u32 search column + 1, u32 columns, then u32 id and u32 type of each.
  package func encode(to buffer: inout ByteBuffer) {
    buffer.append(dataset.rawValue)
    buffer.append(version)
    buffer.append(UInt32((orderColumn ?? -1) + 1))
    buffer.append(UInt32((searchColumn ?? -1) + 1))
    buffer.append(UInt32(columns.count))
    for column in columns {
      buffer.append(column.id)
      buffer.append(UInt32(column.type.rawValue))
    }
  }

  package init(_ reader: inout ByteReader) throws(StoreError) {
    let dataset = DatasetID(rawValue: try reader.read())
    let version = try reader.read(UInt32.self)
    let order = Int(try reader.read(UInt32.self))
    let search = Int(try reader.read(UInt32.self))
    let count = try reader.readCount(width: 8, limit: Self.maximumColumns)
    var columns: [ColumnSchema] = []
    for _ in 0..<count {
      let id = try reader.read(UInt32.self)
      guard let type = ColumnType(rawValue: UInt8(truncatingIfNeeded: try reader.read(UInt32.self))) else {
        throw reader.damage("unknown column type")
      }
      columns.append(ColumnSchema(id: id, type: type))
    }
    self.init(
      dataset: dataset, version: version, columns: columns, orderColumn: order == 0 ? nil : order - 1,
      searchColumn: search == 0 ? nil : search - 1)
    do throws(StoreError) { try validate() } catch { throw reader.damage(error.message) }
  }
}

/// Lists of row addresses, grouped by segment with ascending positions as differences.
package enum MarkList {
  package static func encode(_ marks: [RowAddress], to buffer: inout ByteBuffer) {
    let groups = marks.chunkedBySegment()
    buffer.append(UInt32(groups.count))
    for group in groups {
      buffer.append(group.first?.segment ?? 0)
      buffer.append(UInt32(group.count))
      var previous: UInt32 = 0
      for mark in group {
        buffer.append(varint: UInt64(mark.position - previous))
        previous = mark.position
      }
    }
  }

  package static func decode(_ reader: inout ByteReader) throws(StoreError) -> [RowAddress] {
    var marks: [RowAddress] = []
    for _ in 0..<(try reader.readCount(width: 13)) {
      let segment = try reader.read(UInt64.self)
      let count = try reader.readCount(width: 1)
      var position: UInt64 = 0
      for index in 0..<count {
        let step = try reader.readVarint()
        guard index == 0 || step > 0 else { throw reader.damage("a row is marked twice") }
        let (next, overflow) = position.addingReportingOverflow(step)
        position = next
        guard !overflow, position <= UInt64(UInt32.max) else { throw reader.damage("a mark is out of range") }
        marks.append(RowAddress(segment: segment, position: UInt32(position)))
      }
    }
    return marks
  }
}

extension ByteReader {
  /// A varint of at most 63 bits.
  package mutating func readVarint() throws(StoreError) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 56, by: 7) {
      let byte = try read(UInt8.self)
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw damage("a number is too long")
  }
}

extension [RowAddress] {
  fileprivate func chunkedBySegment() -> [ArraySlice<RowAddress>] {
    var groups: [ArraySlice<RowAddress>] = []
    var start = 0
    for index in indices where index + 1 == count || self[index + 1].segment != self[index].segment {
      groups.append(self[start...index])
      start = index + 1
    }
    return groups
  }
}
