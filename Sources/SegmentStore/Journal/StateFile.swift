// Owns the checkpoint of a store: what it consists of at one commit.
// Invariants: written under a temporary name, synced, read back, then renamed, so that a file under its name is whole;
// a broken one is damage and never skipped.
// Does not hold rows.
//
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
    let bytes = encode(state, store: store)
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
  package static func read(
    number: UInt64, folder: String, files: any FileSystem
  ) throws(StoreError) -> (state: StoreState, store: StoreIdentifier) {
    let name = fileName(number)
    let file = try files.open(folder + "/" + name, writable: false)
    let size = try file.size()
    guard size >= Int64(headerSize), size <= maximumSize else {
      throw StoreError.damaged("the state file has an impossible length", file: name, offset: size)
    }
    let bytes = try file.read(count: Int(size), at: 0)
    var reader = ByteReader(bytes, file: name, offset: 0)
    guard try Array(reader.readBytes(8)) == magic else {
      throw StoreError.damaged("not a state file", file: name, offset: 0)
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
    else { throw StoreError.damaged("the checksum of the state is wrong", file: name, offset: 0) }
    return (try decode(body, number: number, name: name), store)
  }

  private static func decode(_ body: [UInt8], number: UInt64, name: String) throws(StoreError) -> StoreState {
    var reader = ByteReader(body, file: name, offset: Int64(headerSize))
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
