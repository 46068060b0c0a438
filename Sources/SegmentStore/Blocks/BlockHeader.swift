// Owns the 32 bytes in front of every block, its checksum, and the reading of a block from a file.
// Invariants: a block is only handed out when magic, lengths, checksum and the checksum its parent knows all agree;
// the checksum depends on segment and offset, so a block in the wrong place is damage.
//
//  0  u16 magic 0xB10C      8  u32 row count        20  u32 column id
//  2  u8  kind             12  u32 stored length    24  u64 checksum
//  3  u8  codec            16  u32 raw length
//  4  u8  encoding
//  5  u8  flags (0)
//  6  u16 key id (0 = not encrypted)

/// What a block holds.
package enum BlockKind: UInt8, Sendable {
  case column = 1
  case subjectLeaf = 2
  case columnDirectory = 3
  case subjectFences = 4
  case datasetDirectory = 5
  case footer = 6
  case dictionaryPage = 7
  case bundle = 8
  case map = 9
  case textIndex = 10
  case sortedTexts = 11
  case postings = 12
}

/// How the stored bytes become the raw ones.
package enum BlockCodec: UInt8, Sendable {
  case none = 0
  case lz4 = 1
}

/// The header of a block.
package struct BlockHeader: Sendable {
  package static let size = 32
  package static let magic: UInt16 = 0xB10C
  /// No block is larger than this, raw or stored.
  package static let maximumLength = 64 << 20

  package var kind: BlockKind
  package var codec: BlockCodec
  package var encoding: UInt8
  package var rowCount: UInt32
  package var storedLength: UInt32
  package var rawLength: UInt32
  package var columnID: UInt32

  /// Writes the header; the checksum follows once the place of the block is known (`seal`).
  package func write(to target: UnsafeMutableRawPointer) {
    target.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
    target.storeBytes(of: Self.magic.littleEndian, as: UInt16.self)
    target.storeBytes(of: kind.rawValue, toByteOffset: 2, as: UInt8.self)
    target.storeBytes(of: codec.rawValue, toByteOffset: 3, as: UInt8.self)
    target.storeBytes(of: encoding, toByteOffset: 4, as: UInt8.self)
    target.storeBytes(of: rowCount.littleEndian, toByteOffset: 8, as: UInt32.self)
    target.storeBytes(of: storedLength.littleEndian, toByteOffset: 12, as: UInt32.self)
    target.storeBytes(of: rawLength.littleEndian, toByteOffset: 16, as: UInt32.self)
    target.storeBytes(of: columnID.littleEndian, toByteOffset: 20, as: UInt32.self)
  }

  /// Computes the checksum of a whole block at its place and writes it into the header.
  package static func seal(_ block: UnsafeMutableRawBufferPointer, segment: UInt64, offset: Int64) -> UInt64 {
    let checksum = Self.checksum(UnsafeRawBufferPointer(block), segment: segment, offset: offset)
    block.storeBytes(of: checksum.littleEndian, toByteOffset: 24, as: UInt64.self)
    return checksum
  }

  /// XXH64 of the first 24 bytes, seeded with the XXH64 of the stored bytes, seeded with segment and offset.
  package static func checksum(_ block: UnsafeRawBufferPointer, segment: UInt64, offset: Int64) -> UInt64 {
    let body = XXHash64.hash(
      UnsafeRawBufferPointer(rebasing: block[size...]),
      seed: segment &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(bitPattern: offset))
    return XXHash64.hash(UnsafeRawBufferPointer(rebasing: block[..<24]), seed: body)
  }

}

extension BlockHeader {
  /// The encoding that the header of a block names.
  package static func encoding(of block: UnsafeMutableRawBufferPointer) -> UInt8 { block[4] }

  /// What a header says of the length of its block, with the header, and of its checksum; `nil` where no block starts.
  package static func lengthAndChecksum(_ header: [UInt8]) -> (length: Int, checksum: UInt64)? {
    header.withUnsafeBytes { bytes in
      guard bytes.count >= size, bytes.loadUnaligned(as: UInt16.self).littleEndian == magic else {
        return nil
      }
      let stored = Int(bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self).littleEndian)
      guard stored <= maximumLength else { return nil }
      return (size + stored, bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self).littleEndian)
    }
  }

  /// Reads and checks the header of a block that is `length` bytes long with its header.
  package init(
    _ block: UnsafeRawBufferPointer, kind expected: BlockKind, file: String, offset: Int64
  ) throws(StoreError) {
    func damage(_ message: String) -> StoreError { .damaged(message, file: file, offset: offset) }
    guard block.count >= Self.size, block.loadUnaligned(as: UInt16.self).littleEndian == Self.magic else {
      throw damage("no block starts here")
    }
    guard let kind = BlockKind(rawValue: block[2]), kind == expected else {
      throw damage("a block of another kind")
    }
    guard let codec = BlockCodec(rawValue: block[3]) else { throw damage("unknown block codec") }
    guard block[5] == 0, block[6] == 0, block[7] == 0 else { throw damage("unknown block flags or key") }
    self.kind = kind
    self.codec = codec
    encoding = block[4]
    rowCount = block.loadUnaligned(fromByteOffset: 8, as: UInt32.self).littleEndian
    storedLength = block.loadUnaligned(fromByteOffset: 12, as: UInt32.self).littleEndian
    rawLength = block.loadUnaligned(fromByteOffset: 16, as: UInt32.self).littleEndian
    columnID = block.loadUnaligned(fromByteOffset: 20, as: UInt32.self).littleEndian
    guard Int(storedLength) == block.count - Self.size else { throw damage("the length of a block is wrong") }
    guard Int(rawLength) <= Self.maximumLength, codec != .none || rawLength == storedLength else {
      throw damage("the raw length of a block is impossible")
    }
  }
}

/// Where a block lies and what its parent knows of it.
package struct BlockLocation: Sendable, Hashable {
  package var offset: Int64
  /// Length with the header.
  package var length: Int
  package var checksum: UInt64

  package init(offset: Int64, length: Int, checksum: UInt64) {
    self.offset = offset
    self.length = length
    self.checksum = checksum
  }

  /// Stands for a block that is not there.
  package static let none = BlockLocation(offset: 0, length: 0, checksum: 0)
}

/// Reads blocks of one segment file.
package struct BlockReader: Sendable {
  package let file: any StoreFile
  package let name: String
  package let segment: UInt64
  package let fileLength: Int64
  /// Where what is read is counted.
  package var counters: ReadingCounters?

  /// Reads and checks one block without unpacking it.
  package func header(_ location: BlockLocation, kind: BlockKind) throws(StoreError) -> BlockHeader {
    let stored = try stored(location)
    // The bytes must outlive the view of them.
    defer { withExtendedLifetime(stored) {} }
    return try BlockHeader(stored.buffer, kind: kind, file: name, offset: location.offset)
  }

  /// Reads one block as it is stored, and checks it.
  private func stored(_ location: BlockLocation) throws(StoreError) -> BlockBytes {
    let (end, overflow) = location.offset.addingReportingOverflow(Int64(location.length))
    guard location.offset >= 0, location.length >= BlockHeader.size, !overflow, end <= fileLength,
      location.length <= BlockHeader.maximumLength + BlockHeader.size
    else { throw StoreError.damaged("a block lies outside the file", file: name, offset: location.offset) }
    let stored = try BlockBytes(count: location.length) { (buffer) throws(StoreError) in
      do throws(StoreError) {
        try file.read(into: buffer, at: location.offset)
      } catch {
        throw error.code == .damaged
          ? StoreError.damaged("the file ends inside a block", file: name, offset: location.offset) : error
      }
    }
    let checksum = BlockHeader.checksum(stored.buffer, segment: segment, offset: location.offset)
    guard checksum == stored.load(24, as: UInt64.self), checksum == location.checksum else {
      throw StoreError.damaged("the checksum of a block is wrong", file: name, offset: location.offset)
    }
    return stored
  }

  /// Reads, checks and unpacks one block.
  package func read(
    _ location: BlockLocation, kind: BlockKind
  ) throws(StoreError) -> (header: BlockHeader, raw: BlockBytes) {
    let stored = try stored(location)
    defer { withExtendedLifetime(stored) {} }
    let header = try BlockHeader(stored.buffer, kind: kind, file: name, offset: location.offset)
    let payload = UnsafeRawBufferPointer(rebasing: stored.buffer[BlockHeader.size...])
    let raw = try BlockBytes(count: Int(header.rawLength)) { (buffer) throws(StoreError) in
      switch header.codec {
      case .none: buffer.copyMemory(from: payload)
      case .lz4:
        guard LZ4.decompress(payload, into: buffer) else {
          throw StoreError.damaged("a compressed block does not unpack", file: name, offset: location.offset)
        }
      }
    }
    counters?.countBlock(stored: location.length, raw: raw.count)
    return (header, raw)
  }
}
