// Owns the two ways bytes are put together and taken apart: a growing buffer and a checked reader.
// Invariants: little endian; the reader throws before it would pass the end; counts from disk are checked before use.

/// A growing array of bytes with typed appends.
package struct ByteBuffer: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  package var count: Int { bytes.count }

  package mutating func append<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func append(contentsOf other: some Sequence<UInt8>) { bytes.append(contentsOf: other) }

  package mutating func append(raw other: UnsafeRawBufferPointer) { bytes.append(contentsOf: other) }

  /// A text with its length in front (32 bits).
  package mutating func append(text: String) {
    append(UInt32(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// A count in seven bits a byte, least significant first.
  package mutating func append(varint value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  /// Zeros up to a multiple.
  package mutating func pad(to multiple: Int) {
    while !bytes.count.isMultiple(of: multiple) { bytes.append(0) }
  }

  package mutating func replace<T: FixedWidthInteger>(at offset: Int, with value: T) {
    withUnsafeBytes(of: value.littleEndian) { source in
      for (index, byte) in source.enumerated() { bytes[offset + index] = byte }
    }
  }

  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }
}

/// Reads numbers and ranges out of bytes that may be hostile.
package struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private let file: String
  private let fileOffset: Int64

  /// Reads `bytes`, which stand in `file` at `offset`, for messages.
  package init(_ bytes: ArraySlice<UInt8>, file: String, offset: Int64) {
    self.bytes = bytes
    position = bytes.startIndex
    self.file = file
    fileOffset = offset
  }

  package init(_ bytes: [UInt8], file: String, offset: Int64) {
    self.init(bytes[...], file: file, offset: offset)
  }

  package var remaining: Int { bytes.endIndex - position }
  package var offset: Int { position - bytes.startIndex }

  package func damage(_ message: String) -> StoreError {
    StoreError.damaged(message, file: file, offset: fileOffset + Int64(offset))
  }

  package mutating func read<T: FixedWidthInteger>(_ type: T.Type = T.self) throws(StoreError) -> T {
    let width = MemoryLayout<T>.size
    guard remaining >= width else { throw damage("a structure ends too early") }
    let start = position
    position += width
    return bytes.withUnsafeBytes { buffer in
      T(littleEndian: buffer.loadUnaligned(fromByteOffset: start - bytes.startIndex, as: T.self))
    }
  }

  /// A count that something of `width` bytes each must follow for.
  package mutating func readCount(width: Int, limit: Int = .max) throws(StoreError) -> Int {
    let value = Int(try read(UInt32.self))
    let (size, overflow) = value.multipliedReportingOverflow(by: width)
    guard !overflow, size <= remaining, value <= limit else { throw damage("a count is impossible") }
    return value
  }

  package mutating func readBytes(_ count: Int) throws(StoreError) -> ArraySlice<UInt8> {
    guard count >= 0, remaining >= count else { throw damage("a structure ends too early") }
    position += count
    return bytes[position - count..<position]
  }

  package mutating func readText() throws(StoreError) -> String {
    let count = try readCount(width: 1)
    return String(decoding: try readBytes(count), as: UTF8.self)
  }

  package mutating func skip(_ count: Int) throws(StoreError) { _ = try readBytes(count) }
}
