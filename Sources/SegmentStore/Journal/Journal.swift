// Owns the journal file: its header, appending frames, and reading them back after a crash.
// Invariants: frame k + 1 is written only after the sync of frame k returned, so a valid frame behind a broken one is
// damage, never a torn write; space is zeroed before it is used; a clean close ends with a closing frame.
// Does not apply commits.
//
// header, 64 bytes: 0 magic CSJNL CR LF SUB  8 u16 version  10 u16 64  12 u32 compatible  16 u32 incompatible  20 u32 0
// 24 store UUID  40 u64 journal number  48 u64 salt  56 u64 XXH64 of 0..55

/// What reading a journal found.
package struct JournalContents: Sendable {
  package var records: [CommitRecord] = []
  package var nextOffset: Int64 = Int64(JournalFormat.headerSize)
  /// Where the last frame begins; where the next one will, while there is none.
  package var lastOffset: Int64 = Int64(JournalFormat.headerSize)
  package var nextFrame: UInt64 = 1
  package var lastChecksum: UInt64 = 0
  package var salt: UInt64 = 0
  /// Whether the journal ends with a closing frame.
  package var wasClosed = false
  /// Bytes behind the last valid frame that are not zero: the torn tail of an unclean end.
  package var discardedBytes = 0
  /// What proves that commits behind the last one read here are lost; only when asked to read on regardless.
  package var damage: StoreError?
}

package enum JournalFormat {
  package static let magic: [UInt8] = [0x43, 0x53, 0x4A, 0x4E, 0x4C, 0x0D, 0x0A, 0x1A]
  package static let headerSize = 64
  package static let version: UInt16 = 1
  package static let initialSize: Int64 = 1 << 20
  package static let maximumSize: Int64 = 64 << 20
  /// Bytes to which a journal that was cut at a clean end grows first.
  package static let firstGrowth: Int64 = 64 << 10
  /// Longer journals are not read, so none is written.
  package static let readableSize: Int64 = 1 << 29

  package static func fileName(_ number: UInt64) -> String { "journal-\(number).jnl" }

  package static func header(store: StoreIdentifier, number: UInt64, salt: UInt64) -> [UInt8] {
    var buffer = ByteBuffer(capacity: headerSize)
    buffer.append(contentsOf: magic)
    buffer.append(version)
    buffer.append(UInt16(headerSize))
    buffer.append(UInt32(0))
    buffer.append(UInt32(0))
    buffer.append(UInt32(0))
    buffer.append(contentsOf: store.bytes)
    buffer.append(number)
    buffer.append(salt)
    buffer.append(XXHash64.hash(buffer.bytes))
    return buffer.bytes
  }
}

/// The journal being written.
package final class Journal {
  private let file: any StoreFile
  private let name: String
  package let number: UInt64
  private let salt: UInt64
  private var offset: Int64
  private var allocated: Int64
  private var nextFrame: UInt64
  private var lastChecksum: UInt64

  /// Bytes used so far.
  package var size: Int64 { offset }
  /// Bytes behind the last frame that a clean end gives back.
  package var reservedBytes: Int64 { allocated - offset }
  /// Number the next frame will have.
  package var nextFrameNumber: UInt64 { nextFrame }

  /// Makes a new journal with a salt of its own; durable when this returns, once the folder is synced.
  package init(
    creating number: UInt64, store: StoreIdentifier, folder: String, files: any FileSystem,
    initialBytes: Int64 = JournalFormat.initialSize
  ) throws(StoreError) {
    name = JournalFormat.fileName(number)
    self.number = number
    salt = SystemCall.randomBytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    try files.remove(folder + "/tmp/" + name)
    file = try files.create(folder + "/tmp/" + name)
    var first = JournalFormat.header(store: store, number: number, salt: salt)
    lastChecksum = XXHash64.hash(first)
    first.append(contentsOf: repeatElement(0, count: Int(initialBytes) - first.count))
    try file.write(first, at: 0)
    try file.sync()
    try files.rename(folder + "/tmp/" + name, to: folder + "/" + name)
    try files.syncDirectory(folder)
    offset = Int64(JournalFormat.headerSize)
    allocated = initialBytes
    nextFrame = 1
  }

  /// Continues a journal that was closed cleanly, behind its last frame.
  ///
  /// A journal with an unclean end is never continued: its last frames may be whole in memory and lost on disk. The
  /// engine makes a checkpoint instead. The closing frame itself may have met the same fate, if the process died before its sync
  /// returned: it is written again and synced before anything follows it.
  package init(
    continuing number: UInt64, contents: JournalContents, file: any StoreFile
  ) throws(StoreError) {
    name = JournalFormat.fileName(number)
    self.number = number
    self.file = file
    salt = contents.salt
    offset = contents.nextOffset
    nextFrame = contents.nextFrame
    lastChecksum = contents.lastChecksum
    allocated = try file.size()
    guard contents.lastOffset < contents.nextOffset else { return }
    let last = try file.read(count: Int(contents.nextOffset - contents.lastOffset), at: contents.lastOffset)
    try file.write(last, at: contents.lastOffset)
    try file.sync()
  }

  /// Appends a frame and syncs; after an error the journal must not be used any more.
  package func append(_ kind: FrameKind, body: [UInt8]) throws(StoreError) {
    guard body.count <= JournalFrame.maximumBody else {
      throw StoreError(.limit, "a commit is larger than 256 MiB")
    }
    let frame = JournalFrame.encode(
      kind: kind, salt: salt, number: nextFrame, previous: lastChecksum, body: body, offset: offset)
    guard offset + Int64(frame.bytes.count) <= JournalFormat.readableSize else {
      throw StoreError(.limit, "the journal is full: it cannot be folded into a segment", file: name)
    }
    try reserve(offset + Int64(frame.bytes.count))
    try file.write(frame.bytes, at: offset)
    try file.sync()
    offset += Int64(frame.bytes.count)
    nextFrame += 1
    lastChecksum = frame.checksum
  }

  /// Zero-fills space ahead: overwriting zeroed space syncs faster than growing the file, and its length is durable.
  private func reserve(_ end: Int64) throws(StoreError) {
    guard end > allocated else { return }
    let grown = max(end, min(max(allocated * 2, JournalFormat.firstGrowth), JournalFormat.maximumSize))
    do throws(StoreError) {
      try fill(to: grown)
    } catch {
      // There may be room for this frame, if not for so many more.
      guard error.code == .diskFull, grown > end else { throw error }
      try fill(to: end)
    }
  }

  private func fill(to grown: Int64) throws(StoreError) {
    var place = allocated
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    while place < grown {
      let count = Int(min(Int64(zeros.count), grown - place))
      try file.write(Array(zeros[..<count]), at: place)
      place += Int64(count)
    }
    try file.sync()
    allocated = grown
  }

  /// Gives back the space behind the last frame; the journal must not be used any more.
  package func cut() throws(StoreError) {
    try file.truncate(to: offset)
    try file.sync()
  }
}

/// Reads journals.
package enum JournalReader {
  /// Reads all valid frames.
  ///
  /// A broken frame with nothing valid behind it is a torn tail; with a valid frame behind it, it is damage.
  /// - Parameter keepsPrefix: return what stands before the damage, and the damage, instead of throwing it.
  package static func read(
    _ file: any StoreFile, number: UInt64, store: StoreIdentifier, keepsPrefix: Bool = false
  ) throws(StoreError) -> JournalContents {
    try read(bytes(of: file, number: number), number: number, store: store, keepsPrefix: keepsPrefix)
  }

  /// All bytes of a journal.
  package static func bytes(of file: any StoreFile, number: UInt64) throws(StoreError) -> [UInt8] {
    let name = JournalFormat.fileName(number)
    let size = try file.size()
    guard size >= Int64(JournalFormat.headerSize) else {
      throw StoreError.damaged("the journal ends inside its header", file: name, offset: size)
    }
    guard size <= JournalFormat.readableSize else {
      throw StoreError.damaged("the journal is impossibly long", file: name, offset: size)
    }
    return try file.read(count: Int(size), at: 0)
  }

  /// Reads all valid frames of a journal that is in memory, at least its header.
  package static func read(
    _ bytes: [UInt8], number: UInt64, store: StoreIdentifier, keepsPrefix: Bool = false
  ) throws(StoreError) -> JournalContents {
    let name = JournalFormat.fileName(number)
    var contents = JournalContents()
    contents.salt = try checkHeader(bytes, number: number, store: store, name: name)
    contents.lastChecksum = XXHash64.hash(Array(bytes[..<JournalFormat.headerSize]))
    var offset = JournalFormat.headerSize
    while let frame = frame(bytes, at: offset, salt: contents.salt),
      frame.number == contents.nextFrame, frame.previous == contents.lastChecksum
    {
      contents.wasClosed = frame.kind == .close
      if frame.kind == .commit {
        contents.records += try CommitRecord.commits(
          in: bytes[frame.body], file: name, offset: Int64(offset + JournalFrame.headerSize))
      }
      contents.lastChecksum = frame.checksum
      contents.nextFrame += 1
      contents.lastOffset = Int64(offset)
      offset = frame.end
    }
    contents.nextOffset = Int64(offset)
    do throws(StoreError) {
      try checkTail(bytes, from: offset, &contents, name: name)
    } catch {
      guard keepsPrefix else { throw error }
      contents.damage = error
    }
    return contents
  }

  /// Reads the frames that came behind those read before, and moves on behind them.
  ///
  /// What is not whole is taken as not written yet: the writer may be in the middle of it.
  /// - Parameter contents: what was read before; its records are left alone.
  package static func readOn(
    _ file: any StoreFile, number: UInt64, _ contents: inout JournalContents
  ) throws(StoreError) -> [CommitRecord] {
    var records: [CommitRecord] = []
    let headerSize = Int64(JournalFrame.headerSize)
    while try file.size() - contents.nextOffset >= headerSize {
      let offset = contents.nextOffset
      let header = try file.read(count: JournalFrame.headerSize, at: offset)
      var reader = ByteReader(header, file: JournalFormat.fileName(number), offset: offset)
      guard try reader.read(UInt32.self) == JournalFrame.magic else { break }
      try reader.skip(28)
      let total = (JournalFrame.headerSize + Int(try reader.read(UInt32.self)) + 7) & ~7
      guard total <= JournalFrame.maximumBody + 64, try file.size() - offset >= Int64(total) else { break }
      let bytes = try file.read(count: total, at: offset)
      guard let frame = frame(bytes, at: 0, salt: contents.salt, base: offset),
        frame.number == contents.nextFrame, frame.previous == contents.lastChecksum
      else { break }
      if frame.kind == .commit {
        records += try CommitRecord.commits(
          in: bytes[frame.body], file: JournalFormat.fileName(number), offset: offset + headerSize)
      }
      contents.wasClosed = frame.kind == .close
      contents.lastChecksum = frame.checksum
      contents.nextFrame += 1
      contents.nextOffset += Int64(frame.end)
    }
    return records
  }

  private static func checkHeader(
    _ bytes: [UInt8], number: UInt64, store: StoreIdentifier, name: String
  ) throws(StoreError) -> UInt64 {
    var reader = ByteReader(bytes[..<JournalFormat.headerSize], file: name, offset: 0)
    guard try Array(reader.readBytes(8)) == JournalFormat.magic else {
      throw StoreError.damaged("not a journal", file: name, offset: 0)
    }
    let version = try reader.read(UInt16.self)
    guard version <= JournalFormat.version else {
      throw StoreError(
        .newerVersion, "journal format \(version) is newer than this library knows", file: name)
    }
    try reader.skip(6)
    guard try reader.read(UInt32.self) == 0 else {
      throw StoreError(.newerVersion, "the journal uses features this library does not know", file: name)
    }
    try reader.skip(4)
    let owner = try StoreIdentifier(bytes: Array(reader.readBytes(16)))
    let found = try reader.read(UInt64.self)
    let salt = try reader.read(UInt64.self)
    guard try reader.read(UInt64.self) == XXHash64.hash(Array(bytes[..<56])) else {
      throw StoreError.damaged("the checksum of the journal's header is wrong", file: name, offset: 0)
    }
    guard owner == store, found == number else {
      throw StoreError.damaged("the journal belongs elsewhere", file: name, offset: 24)
    }
    return salt
  }

  /// A frame that is whole.
  package struct Frame {
    var kind: FrameKind
    var number: UInt64
    var previous: UInt64
    var checksum: UInt64
    var body: Range<Int>
    var end: Int
  }

  /// The frame at an offset of bytes that stand in the journal at `base`.
  ///
  /// - Parameter salt: what it must have; `nil` = whatever it says.
  private static func frame(_ bytes: [UInt8], at offset: Int, salt: UInt64?, base: Int64 = 0) -> Frame? {
    guard offset + JournalFrame.headerSize <= bytes.count else { return nil }
    func load<T: FixedWidthInteger>(_ place: Int, _ type: T.Type) -> T {
      bytes.withUnsafeBytes { T(littleEndian: $0.loadUnaligned(fromByteOffset: offset + place, as: T.self)) }
    }
    guard load(0, UInt32.self) == JournalFrame.magic, let kind = FrameKind(rawValue: load(4, UInt32.self))
    else {
      return nil
    }
    let own = load(8, UInt64.self)
    guard salt ?? own == own else { return nil }
    let length = Int(load(32, UInt32.self))
    let start = offset + JournalFrame.headerSize
    let end = (start + length + 7) & ~7
    guard length <= JournalFrame.maximumBody, end <= bytes.count else { return nil }
    let checksum = load(40, UInt64.self)
    let header = Array(bytes[offset..<offset + 40])
    guard
      JournalFrame.checksum(
        header: header, body: bytes[start..<start + length], salt: own, offset: base + Int64(offset))
        == checksum
    else { return nil }
    return Frame(
      kind: kind, number: load(16, UInt64.self), previous: load(24, UInt64.self), checksum: checksum,
      body: start..<start + length, end: end)
  }

  /// Looks behind the last valid frame: zeros are unused space, a valid frame is proof of damage.
  private static func checkTail(
    _ bytes: [UInt8], from start: Int, _ contents: inout JournalContents, name: String
  ) throws(StoreError) {
    guard let last = bytes[start...].lastIndex(where: { $0 != 0 }) else { return }
    contents.discardedBytes = last + 1 - start
    var offset = start
    while let next = nextFrame(bytes, from: offset, through: last, salt: contents.salt) {
      guard next.frame.number < contents.nextFrame else {
        throw StoreError.damaged(
          "a frame of the journal is broken although frame \(next.frame.number) behind it is whole",
          file: name, offset: Int64(start))
      }
      offset = next.offset + 8
    }
  }

  /// The first whole frame at or behind an offset, whatever stands before it.
  ///
  /// - Parameter last: the last byte that is not zero: a frame begins with its magic, and none begins in the zeros at the end.
  package static func nextFrame(
    _ bytes: [UInt8], from start: Int, through last: Int, salt: UInt64?
  ) -> (offset: Int, frame: Frame)? {
    guard start <= last else { return nil }
    for offset in stride(from: start, through: last, by: 8) {
      if let frame = frame(bytes, at: offset, salt: salt) { return (offset, frame) }
    }
    return nil
  }
}
