// Owns the fixed structures of a segment file: header, footer, trailer, directories.
// Invariants: docs/file-format.md draws every byte of what is written here; nothing is read without its checksum.
// Does not hold blocks of rows.

package enum SegmentFormat {
  package static let version: UInt16 = 1
  package static let headerSize = 64
  package static let trailerSize = 32
  package static let magic: [UInt8] = [0x43, 0x53, 0x53, 0x45, 0x47, 0x0D, 0x0A, 0x1A]  // CSSEG CR LF SUB
  package static let endMagic: [UInt8] = [0x43, 0x53, 0x45, 0x4E, 0x44, 0x0D, 0x0A, 0x1A]  // CSEND CR LF SUB
  /// Rows of one segment at most; positions are 32 bits.
  package static let maximumRows = Int(UInt32.max) - 1
  /// Incompatible feature: blocks of multiples may occur.
  package static let multiplesFeature: UInt32 = 1
  /// Incompatible feature: there are texts of subjects, and the footer says where.
  package static let subjectTextsFeature: UInt32 = 2
  /// Incompatible features this version understands.
  package static let knownIncompatibleFeatures: UInt32 = multiplesFeature | subjectTextsFeature
}

/// Number of a segment in its store.
package struct SegmentID: Hashable, Sendable, Comparable, RawRepresentable {
  package let rawValue: UInt64
  package init(rawValue: UInt64) { self.rawValue = rawValue }
  package static func < (left: SegmentID, right: SegmentID) -> Bool { left.rawValue < right.rawValue }
  /// Name of the file below the store's folder.
  package var fileName: String {
    let hex = String(rawValue, radix: 16)
    return "seg/" + String(repeating: "0", count: max(0, 12 - hex.count)) + hex + ".seg"
  }
}

/// The first 64 bytes of a segment, and their check.
///
///  0 magic 8 | 8 u16 version | 10 u16 header size | 12 u32 compatible features | 16 u32 incompatible features
/// 20 u32 0 | 24 store UUID 16 | 40 u64 segment id | 48 u16 cipher id | 50 u16 key id | 52 u32 0 | 56 u64 XXH64 of 0..55
package enum SegmentHeader {
  /// - Parameter features: what a reader must know to read the segment.
  package static func bytes(store: StoreIdentifier, segment: SegmentID, features: UInt32 = 0) -> [UInt8] {
    var buffer = ByteBuffer(capacity: SegmentFormat.headerSize)
    buffer.append(contentsOf: SegmentFormat.magic)
    buffer.append(SegmentFormat.version)
    buffer.append(UInt16(SegmentFormat.headerSize))
    buffer.append(UInt32(0))
    buffer.append(features)
    buffer.append(UInt32(0))
    buffer.append(contentsOf: store.bytes)
    buffer.append(segment.rawValue)
    buffer.append(UInt64(0))
    buffer.append(XXHash64.hash(buffer.bytes))
    return buffer.bytes
  }

  /// Whether a header, damaged or not, is one of a store: its UUID may have lost a few bytes, and that of another store shares hardly any.
  package static func names(_ store: StoreIdentifier, in header: [UInt8]) -> Bool {
    guard header.count >= SegmentFormat.headerSize else { return false }
    return zip(header[24..<40], store.bytes).count { $0 == $1 } >= 12
  }

  /// - Returns: what a reader must know to read the segment.
  @discardableResult
  package static func check(
    _ bytes: [UInt8], store: StoreIdentifier, segment: SegmentID, file: String
  ) throws(StoreError) -> UInt32 {
    var reader = ByteReader(bytes, file: file, offset: 0)
    guard try Array(reader.readBytes(8)) == SegmentFormat.magic else {
      throw StoreError.damaged("not a segment file", file: file, offset: 0)
    }
    let version = try reader.read(UInt16.self)
    guard version <= SegmentFormat.version else {
      throw StoreError(
        .newerVersion, "segment format \(version) is newer than this library knows", file: file)
    }
    guard version == SegmentFormat.version, try reader.read(UInt16.self) == SegmentFormat.headerSize else {
      throw StoreError.damaged("impossible segment header", file: file, offset: 8)
    }
    _ = try reader.read(UInt32.self)
    let incompatible = try reader.read(UInt32.self)
    guard incompatible & ~SegmentFormat.knownIncompatibleFeatures == 0 else {
      throw StoreError(.newerVersion, "the segment uses features this library does not know", file: file)
    }
    try reader.skip(4)
    let owner = try StoreIdentifier(bytes: Array(reader.readBytes(16)))
    let id = try reader.read(UInt64.self)
    let cipher = try reader.read(UInt32.self)
    try reader.skip(4)
    guard try reader.read(UInt64.self) == XXHash64.hash(Array(bytes[..<56])) else {
      throw StoreError.damaged("the checksum of the header is wrong", file: file, offset: 0)
    }
    guard owner == store else {
      throw StoreError.damaged("the file belongs to another store", file: file, offset: 24)
    }
    guard id == segment.rawValue else {
      throw StoreError.damaged("the file is another segment", file: file, offset: 40)
    }
    guard cipher == 0 else { throw StoreError(.newerVersion, "the segment is encrypted", file: file) }
    return incompatible
  }
}

/// The 128-bit identity of a store; every file carries it.
public struct StoreIdentifier: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) { self.bytes = bytes }

  package static func random() -> StoreIdentifier { StoreIdentifier(bytes: SystemCall.randomBytes(16)) }

  /// The usual text form of a UUID.
  public var description: String {
    let hex = bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
    return [hex[0..<4], hex[4..<6], hex[6..<8], hex[8..<10], hex[10...]].map { $0.joined() }.joined(
      separator: "-")
  }
}

/// What the footer of a segment says.
package struct SegmentFooter: Sendable {
  package var rowCount: UInt32
  package var subjectCount: UInt32
  package var minimumKey: UInt128
  package var maximumKey: UInt128
  package var datasetDirectory: BlockLocation
  package var subjectFences: BlockLocation
  /// The directory of the index of texts, where there is one.
  package var textIndex: BlockLocation?
  /// The directory of the texts of subjects, where there are such.
  package var subjectTexts: BlockLocation?

  package func encode() -> [UInt8] {
    var buffer = ByteBuffer(capacity: 128)
    buffer.append(rowCount)
    buffer.append(subjectCount)
    buffer.append(UInt64(0))
    buffer.append(minimumKey)
    buffer.append(maximumKey)
    for location in [datasetDirectory, subjectFences, textIndex ?? .none] { buffer.append(location) }
    // Footers without it are as they always were.
    if let subjectTexts { buffer.append(subjectTexts) }
    return buffer.bytes
  }

  package init(
    rowCount: UInt32, subjectCount: UInt32, minimumKey: UInt128, maximumKey: UInt128,
    datasetDirectory: BlockLocation, subjectFences: BlockLocation, textIndex: BlockLocation? = nil,
    subjectTexts: BlockLocation? = nil
  ) {
    self.subjectTexts = subjectTexts
    self.rowCount = rowCount
    self.subjectCount = subjectCount
    self.minimumKey = minimumKey
    self.maximumKey = maximumKey
    self.datasetDirectory = datasetDirectory
    self.subjectFences = subjectFences
    self.textIndex = textIndex
  }

  package init(_ raw: [UInt8], file: String, offset: Int64) throws(StoreError) {
    var reader = ByteReader(raw, file: file, offset: offset)
    rowCount = try reader.read()
    subjectCount = try reader.read()
    try reader.skip(8)
    minimumKey = try reader.read()
    maximumKey = try reader.read()
    datasetDirectory = try reader.readLocation()
    subjectFences = try reader.readLocation()
    let index = try reader.readLocation()
    textIndex = index == .none ? nil : index
    subjectTexts = reader.remaining > 0 ? try reader.readLocation() : nil
    guard minimumKey <= maximumKey, subjectCount <= rowCount, reader.remaining == 0,
      subjectTexts != BlockLocation.none
    else {
      throw reader.damage("impossible footer")
    }
  }
}

extension ByteBuffer {
  /// u64 offset, u32 length, u32 0, u64 checksum.
  package mutating func append(_ location: BlockLocation) {
    append(UInt64(location.offset))
    append(UInt32(location.length))
    append(UInt32(0))
    append(location.checksum)
  }
}

extension ByteReader {
  package mutating func readLocation() throws(StoreError) -> BlockLocation {
    let offset = try read(UInt64.self)
    let length = try read(UInt32.self)
    try skip(4)
    guard offset <= UInt64(Int64.max) else { throw damage("an offset is impossible") }
    return BlockLocation(offset: Int64(offset), length: Int(length), checksum: try read())
  }
}

/// What the dataset directory says of one dataset.
package struct DatasetChunk: Sendable {
  package static let encodedSize = 60
  /// Where the number of the dataset, and that of its first row, stand in it.
  static let datasetField = 0
  static let firstRowField = 8
  package var dataset: DatasetID
  package var schemaVersion: UInt32
  package var firstRow: UInt32
  package var rowCount: UInt32
  package var columnCount: UInt32
  /// Id of the integer column by which a subject's rows are ordered; 0 = none.
  package var orderColumn: UInt32
  /// Id of the text column by which subjects are searched; 0 = none.
  package var searchColumn: UInt32
  /// Of a small chunk: where it begins in the raw bytes of its bundle.
  package var place: UInt32?
  /// The column directory, or the bundle.
  package var columns: BlockLocation

  /// The places of a run's rows within the dataset; `nil` for a run that is not inside it, which is damage.
  package func rows(of run: RowRun) -> Range<Int>? { rows(from: run.first, count: run.count) }

  /// The same for consecutive positions of the segment.
  package func rows(from position: UInt32, count: UInt32) -> Range<Int>? {
    guard position >= firstRow, count <= rowCount, position - firstRow <= rowCount - count else { return nil }
    let first = Int(position - firstRow)
    return first..<first + Int(count)
  }

  package func encode(to buffer: inout ByteBuffer) {
    buffer.append(dataset.rawValue)
    buffer.append(schemaVersion)
    buffer.append(firstRow)
    buffer.append(rowCount)
    buffer.append(columnCount)
    buffer.append(orderColumn)
    buffer.append(searchColumn)
    buffer.append(UInt32(place == nil ? 0 : 1))
    buffer.append(place ?? 0)
    buffer.append(columns)
  }

  package init(
    dataset: DatasetID, schemaVersion: UInt32, firstRow: UInt32, rowCount: UInt32, columnCount: UInt32,
    orderColumn: UInt32, searchColumn: UInt32, place: UInt32? = nil, columns: BlockLocation
  ) {
    self.place = place
    self.dataset = dataset
    self.schemaVersion = schemaVersion
    self.firstRow = firstRow
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.orderColumn = orderColumn
    self.searchColumn = searchColumn
    self.columns = columns
  }

  package init(_ reader: inout ByteReader) throws(StoreError) {
    dataset = DatasetID(rawValue: try reader.read())
    schemaVersion = try reader.read()
    firstRow = try reader.read()
    rowCount = try reader.read()
    columnCount = try reader.read()
    orderColumn = try reader.read()
    searchColumn = try reader.read()
    let form = try reader.read(UInt32.self)
    let place = try reader.read(UInt32.self)
    guard form <= 1, form == 1 || place == 0 else { throw reader.damage("a chunk of unknown form") }
    self.place = form == 1 ? place : nil
    columns = try reader.readLocation()
  }
}
