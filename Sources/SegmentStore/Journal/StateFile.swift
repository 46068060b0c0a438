// Owns the checkpoint of a store: what it consists of at one commit.
// Invariants: written under a temporary name, synced, read back, then renamed, so that a file under its name is whole;
// it stands there twice, one behind the other, because without it the store is nothing but rows: what damages one leaves the other; a state
// broken in both is damage and never skipped.
// Does not hold rows.
//
// twice:
// header, 64 bytes: 0 magic CSSTA CR LF SUB  8 u16 version  10 u16 64  12 u32 compatible  16 u32 incompatible  20 u32 0
// 24 store UUID  40 u64 state number  48 u64 body length  56 u64 checksum = XXH64 of 0..55 seeded with XXH64 of the body
// body: u64 commit, u64 next segment id, u32 instants, i64 milliseconds each (of commits 1, 2, 3 …), u32 segments,
//       each: segment reference, u64 first and u64 last commit with rows in it, u64 history end,
//       u32 1 = compacted, u32 marks, each varint position step, varint commit

/// One segment of a state.
package struct SegmentEntry: Sendable {
  package var reference: SegmentReference
  package var addedCommit: UInt64
  package var lastCommit: UInt64
  /// Of a history segment: the commit from which on all its rows are superseded; 0 for all others.
  package var historyEnd: UInt64 = 0
  /// Whether compaction wrote it.
  package var isCompacted = false
  /// Superseded rows: position and commit, ascending by position.
  package var marks: [(position: UInt32, commit: UInt64)]
}

/// The whole state.
package struct StoreState: Sendable {
  package var number: UInt64
  package var commit: UInt64
  package var nextSegment: UInt64
  package var instants: [Int64]
  package var segments: [SegmentEntry]

  package init(
    number: UInt64, commit: UInt64, nextSegment: UInt64, instants: [Int64], segments: [SegmentEntry]
  ) {
    self.number = number
    self.commit = commit
    self.nextSegment = nextSegment
    self.instants = instants
    self.segments = segments
  }
}

package enum StateFile {
  package static let magic: [UInt8] = [0x43, 0x53, 0x53, 0x54, 0x41, 0x0D, 0x0A, 0x1A]
  package static let headerSize = 64
  package static let version: UInt16 = 1
  /// Longer states are not read, so none is written.
  package static let maximumSize: Int64 = 1 << 32

  package static func fileName(_ number: UInt64) -> String { "state-\(number).ckp" }

  /// Writes a state durably and reads it back.
  package static func write(
    _ state: StoreState, store: StoreIdentifier, folder: String, files: any FileSystem
  ) throws(StoreError) {
    let name = fileName(state.number)
    let temporary = folder + "/tmp/" + name
    try files.remove(temporary)
    let once = encode(state, store: store)
    let bytes = once + once
    guard Int64(bytes.count) <= maximumSize else {
      throw StoreError(.limit, "the state of the store is larger than 4 GiB", file: name)
    }
    let file = try files.create(temporary)
    try file.write(bytes, at: 0)
    try file.sync()
    guard try file.read(count: bytes.count, at: 0) == bytes else {
      throw StoreError.damaged("a state file does not read back as written", file: name, offset: 0)
    }
    try files.rename(temporary, to: folder + "/" + name)
    try files.syncDirectory(folder)
  }

  private static func encode(_ state: StoreState, store: StoreIdentifier) -> [UInt8] {
    var body = ByteBuffer(capacity: 4096)
    body.append(state.commit)
    body.append(state.nextSegment)
    body.append(UInt32(state.instants.count))
    for instant in state.instants { body.append(instant) }
    body.append(UInt32(state.segments.count))
    for segment in state.segments {
      body.append(segment.reference)
      body.append(segment.addedCommit)
      body.append(segment.lastCommit)
      body.append(segment.historyEnd)
      body.append(UInt32(segment.isCompacted ? 1 : 0))
      body.append(UInt32(segment.marks.count))
      var previous: UInt32 = 0
      for mark in segment.marks {
        body.append(varint: UInt64(mark.position - previous))
        body.append(varint: mark.commit)
        previous = mark.position
      }
    }
    var header = ByteBuffer(capacity: headerSize)
    header.append(contentsOf: magic)
    header.append(version)
    header.append(UInt16(headerSize))
    header.append(UInt32(0))
    header.append(UInt32(0))
    header.append(UInt32(0))
    header.append(contentsOf: store.bytes)
    header.append(state.number)
    header.append(UInt64(body.count))
    header.append(XXHash64.hash(header.bytes, seed: XXHash64.hash(body.bytes)))
    return header.bytes + body.bytes
  }

  /// Reads and checks a state; also tells which store it belongs to.
  ///
  /// - Throws: `StoreError` only where neither copy is whole; that of the first.
  package static func read(
    number: UInt64, folder: String, files: any FileSystem
  ) throws(StoreError) -> (state: StoreState, store: StoreIdentifier) {
    let bytes = try bytes(number: number, folder: folder, files: files)
    do throws(StoreError) {
      return try decode(first(bytes), number: number, offset: 0)
    } catch {
      guard let found = try? decode(second(bytes), number: number, offset: bytes.count / 2) else {
        throw error
      }
      return found
    }
  }

  /// What is wrong with either copy, also where reading goes on with the other.
  package static func faults(
    number: UInt64, folder: String, files: any FileSystem
  ) -> [StoreError] {
    var faults: [StoreError] = []
    do throws(StoreError) {
      let bytes = try bytes(number: number, folder: folder, files: files)
      for (copy, offset) in [(first(bytes), 0), (second(bytes), bytes.count / 2)] {
        do throws(StoreError) { _ = try decode(copy, number: number, offset: offset) } catch {
          faults.append(error)
        }
      }
      if faults.isEmpty, first(bytes) != second(bytes) {
        faults.append(.damaged("the copies of the state differ", file: fileName(number), offset: 0))
      }
    } catch {
      faults.append(error)
    }
    return faults
  }

  private static func bytes(
    number: UInt64, folder: String, files: any FileSystem
  ) throws(StoreError) -> [UInt8] {
    let name = fileName(number)
    let file = try files.open(folder + "/" + name, writable: false)
    let size = try file.size()
    guard size >= Int64(headerSize), size <= maximumSize else {
      throw StoreError.damaged("the state file has an impossible length", file: name, offset: size)
    }
    return try file.read(count: Int(size), at: 0)
  }

  /// The first copy: as long as its header says, or all there is.
  private static func first(_ bytes: [UInt8]) -> [UInt8] {
    let length = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 48, as: UInt64.self).littleEndian }
    let (end, overflow) = length.addingReportingOverflow(UInt64(headerSize))
    return overflow || end > UInt64(bytes.count) ? bytes : Array(bytes[..<Int(end)])
  }

  /// The second copy: the second half, whatever the first says.
  private static func second(_ bytes: [UInt8]) -> [UInt8] { Array(bytes[(bytes.count / 2)...]) }

  /// Takes one copy of a state apart, which stands at an offset of its file.
  package static func decode(
    _ bytes: [UInt8], number: UInt64, offset: Int
  ) throws(StoreError) -> (state: StoreState, store: StoreIdentifier) {
    let name = fileName(number)
    guard bytes.count >= headerSize else {
      throw StoreError.damaged("the state file has an impossible length", file: name, offset: Int64(offset))
    }
    var reader = ByteReader(bytes, file: name, offset: Int64(offset))
    guard try Array(reader.readBytes(8)) == magic else {
      throw StoreError.damaged("not a state file", file: name, offset: Int64(offset))
    }
    let version = try reader.read(UInt16.self)
    guard version <= Self.version else {
      throw StoreError(
        .newerVersion, "state format \(version) is newer than this library knows; update it", file: name)
    }
    try reader.skip(6)
    guard try reader.read(UInt32.self) == 0 else {
      throw StoreError(
        .newerVersion, "the store uses features this library does not know; update it", file: name)
    }
    try reader.skip(4)
    let store = try StoreIdentifier(bytes: Array(reader.readBytes(16)))
    let found = try reader.read(UInt64.self)
    let length = try reader.read(UInt64.self)
    let checksum = try reader.read(UInt64.self)
    let body = Array(bytes[headerSize...])
    guard found == number, length == UInt64(body.count),
      checksum == XXHash64.hash(Array(bytes[..<56]), seed: XXHash64.hash(body))
    else { throw StoreError.damaged("the checksum of the state is wrong", file: name, offset: Int64(offset)) }
    return (try decode(body: body, number: number, name: name, offset: offset), store)
  }

  private static func decode(
    body: [UInt8], number: UInt64, name: String, offset: Int
  ) throws(StoreError) -> StoreState {
    var reader = ByteReader(body, file: name, offset: Int64(offset + headerSize))
    var state = StoreState(
      number: number, commit: try reader.read(), nextSegment: try reader.read(), instants: [], segments: [])
    for _ in 0..<(try reader.readCount(width: 8)) { state.instants.append(try reader.read()) }
    for _ in 0..<(try reader.readCount(width: 56)) {
      var entry = SegmentEntry(
        reference: try reader.readSegment(), addedCommit: try reader.read(), lastCommit: try reader.read(),
        historyEnd: try reader.read(), marks: [])
      let flags = try reader.read(UInt32.self)
      guard flags <= 1 else { throw reader.damage("unknown flags of a segment") }
      entry.isCompacted = flags == 1
      var position: UInt64 = 0
      for index in 0..<(try reader.readCount(width: 2)) {
        let step = try reader.readVarint()
        let (next, overflow) = position.addingReportingOverflow(step)
        position = next
        guard !overflow, position <= UInt64(UInt32.max), index == 0 || step > 0 else {
          throw reader.damage("a mark is out of range")
        }
        entry.marks.append((UInt32(position), try reader.readVarint()))
      }
      state.segments.append(entry)
    }
    let ids = state.segments.map(\.reference.id.rawValue)
    let isSound = state.segments.allSatisfy { segment in
      segment.addedCommit <= segment.lastCommit && segment.lastCommit <= state.commit
        && (segment.historyEnd == 0 || segment.historyEnd <= state.commit && segment.marks.isEmpty)
        && segment.reference.id.rawValue < state.nextSegment
    }
    guard reader.remaining == 0, UInt64(state.instants.count) == state.commit, isSound,
      state.nextSegment < 1 << 62, Set(ids).count == ids.count,
      zip(state.instants, state.instants.dropFirst()).allSatisfy(<=)
    else { throw reader.damage("the state contradicts itself") }
    return state
  }
}
