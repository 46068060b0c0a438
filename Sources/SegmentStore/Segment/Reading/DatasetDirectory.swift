// Owns finding the datasets of a segment in its directory: by number, and by the place of a row.
// Invariants: checked as a whole when it is read; kept as it is stored, 60 bytes a dataset, so that 25,000 datasets in each of many segments stay in memory and
// a look-up decodes one of them.
// Does not read columns.

/// The datasets of one segment.
final class DatasetDirectory: Sendable {
  private let bytes: [UInt8]
  private let file: String
  private let offset: Int64
  /// Datasets in the segment.
  let count: Int
  private static let countBytes = 4

  /// - Parameters:
  ///   - bytes: the raw directory.
  ///   - rowCount: rows of the segment.
  init(_ bytes: [UInt8], rowCount: UInt32, file: String, offset: Int64) throws(StoreError) {
    self.bytes = bytes
    self.file = file
    self.offset = offset
    var reader = ByteReader(bytes, file: file, offset: offset)
    count = try reader.readCount(width: DatasetChunk.encodedSize)
    var next: UInt32 = 0
    var last: DatasetID?
    for _ in 0..<count {
      let chunk = try DatasetChunk(&reader)
      let (end, overflow) = chunk.firstRow.addingReportingOverflow(chunk.rowCount)
      guard chunk.firstRow == next, !overflow, last.map({ $0 < chunk.dataset }) ?? true else {
        throw reader.damage("the datasets of a segment do not join")
      }
      next = end
      last = chunk.dataset
    }
    guard next == rowCount, reader.remaining == 0 else {
      throw reader.damage("the datasets miss rows")
    }
  }

  /// The chunk at a place.
  func chunk(at place: Int) throws(StoreError) -> DatasetChunk {
    let start = Self.countBytes + place * DatasetChunk.encodedSize
    var reader = ByteReader(
      bytes[start..<start + DatasetChunk.encodedSize], file: file, offset: offset + Int64(start))
    return try DatasetChunk(&reader)
  }

  /// The chunk of a dataset, or `nil`.
  func chunk(of dataset: DatasetID) throws(StoreError) -> DatasetChunk? {
    let place = firstPlace { number(at: $0, field: DatasetChunk.datasetField) >= dataset.rawValue }
    guard place < count, number(at: place, field: DatasetChunk.datasetField) == dataset.rawValue else {
      return nil
    }
    return try chunk(at: place)
  }

  /// The chunk with the row at a position of the segment, or `nil`.
  func chunk(withRow position: UInt32) throws(StoreError) -> DatasetChunk? {
    let place = firstPlace { number(at: $0, field: DatasetChunk.firstRowField) > position } - 1
    guard place >= 0 else { return nil }
    let chunk = try chunk(at: place)
    return position - chunk.firstRow < chunk.rowCount ? chunk : nil
  }

  /// All datasets, ascending; nothing else is decoded.
  var datasets: [DatasetID] {
    (0..<count).map { DatasetID(rawValue: number(at: $0, field: DatasetChunk.datasetField)) }
  }

  /// All chunks, ascending by dataset.
  func chunks() throws(StoreError) -> [DatasetChunk] {
    var chunks: [DatasetChunk] = []
    chunks.reserveCapacity(count)
    for place in 0..<count { chunks.append(try chunk(at: place)) }
    return chunks
  }

  /// The first place from which on a condition holds.
  private func firstPlace(_ holds: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Invariant: the place is below `count`, so that the number lies inside the bytes.
  private func number(at place: Int, field: Int) -> UInt32 {
    bytes.withUnsafeBytes { bytes in
      UInt32(
        littleEndian: bytes.loadUnaligned(
          fromByteOffset: Self.countBytes + place * DatasetChunk.encodedSize + field, as: UInt32.self))
    }
  }
}
