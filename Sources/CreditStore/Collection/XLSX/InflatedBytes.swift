// Owns unpacking one member of a ZIP file while it is read (deflate, RFC 1951, by zlib).
// Invariants: memory does not depend on the size of the member; no more bytes come out than the directory says, and at the end their count and
// CRC-32 are those of the directory, or reading fails.

import CZlib
import SegmentStore

/// The bytes of a member of a ZIP file.
final class InflatedBytes: ByteSource {
  /// What is read of the file at a time.
  private static let pieceBytes = 64 << 10

  private let file: any StoreFile
  private let path: String
  private let isPacked: Bool
  private let checksum: UInt32
  private var offset: UInt64
  private var packedLeft: UInt64
  private var bytesLeft: UInt64
  private var found: UInt = 0
  private var piece: [UInt8] = []
  /// Bytes of the piece that are taken.
  private var taken = 0
  private let stream: UnsafeMutablePointer<z_stream>
  private var isOver = false
  /// Whether the last call filled all the room there was: there may be more without further input.
  private var owesOutput = false
  /// Whether the packed bytes said that they end.
  private var hasEnded = false

  let totalBytes: Int?

  /// - Parameter start: where the packed bytes begin; all of them are in the file.
  init(_ file: any StoreFile, _ member: ZipArchive.Member, at start: UInt64, path: String) throws {
    self.file = file
    self.path = path
    isPacked = member.method == 8
    checksum = member.checksum
    (offset, packedLeft, bytesLeft) = (start, member.packedBytes, member.bytes)
    totalBytes = Int(clamping: member.bytes)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // A window of 32 KiB, without the frame of zlib's own format.
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(stream, -15, ZLIB_VERSION, size) == Z_OK else {
      stream.deinitialize(count: 1).deallocate()
      throw CreditError("limit", "there is no memory left to unpack it", file: path)
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deinitialize(count: 1).deallocate()
  }

  func read(into target: UnsafeMutableRawPointer, count: Int) throws(StoreError) -> Int {
    guard !isOver, count > 0 else { return 0 }
    let made = try isPacked ? inflated(target, count) : copied(target, count)
    found = crc32(found, target.assumingMemoryBound(to: UInt8.self), UInt32(made))
    guard UInt64(made) <= bytesLeft else { throw damage("a part is longer than its directory says") }
    bytesLeft -= UInt64(made)
    if made == 0 {
      isOver = true
      guard bytesLeft == 0, isSound else { throw damage("a part is not what its checksum says") }
    }
    return made
  }

  private var isSound: Bool {
    #if CREDIT_FUZZING
    // Hostile bytes shall reach what stands behind the checksum.
    return true
    #else
    return UInt32(truncatingIfNeeded: found) == checksum
    #endif
  }

  private func damage(_ message: String) -> StoreError {
    .damaged("the workbook is damaged: \(message)", file: path, offset: Int64(clamping: offset))
  }

  /// Fetches the next piece of packed bytes; false at their end.
  private func fetch() throws(StoreError) -> Bool {
    guard packedLeft > 0 else { return false }
    let count = min(packedLeft, UInt64(Self.pieceBytes))
    piece = try file.read(count: Int(count), at: Int64(offset))
    taken = 0
    offset += count
    packedLeft -= count
    return true
  }

  private func copied(_ target: UnsafeMutableRawPointer, _ count: Int) throws(StoreError) -> Int {
    if taken == piece.count, try !fetch() { return 0 }
    let made = min(count, piece.count - taken, 1 << 30)
    piece.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { target.copyMemory(from: base + taken, byteCount: made) }
    }
    taken += made
    return made
  }

  private func inflated(_ target: UnsafeMutableRawPointer, _ count: Int) throws(StoreError) -> Int {
    let room = min(count, 1 << 30)
    var made = 0
    while made == 0, !hasEnded {
      // What was taken in before may not have come out yet: only when nothing does is more fetched.
      if taken == piece.count, !owesOutput { _ = try fetch() }
      let hasInput = taken < piece.count
      var status = Z_OK
      piece.withUnsafeMutableBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return }
        stream.pointee.next_in = base + taken
        stream.pointee.avail_in = UInt32(bytes.count - taken)
        stream.pointee.next_out = target.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        status = inflate(stream, Z_NO_FLUSH)
        taken = bytes.count - Int(stream.pointee.avail_in)
        made = room - Int(stream.pointee.avail_out)
      }
      owesOutput = made == room
      hasEnded = status == Z_STREAM_END
      // No progress is no error where there is more to come.
      guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
        throw damage("a part cannot be unpacked")
      }
      if made == 0, !hasEnded, !hasInput, packedLeft == 0 { throw damage("a part ends too early") }
    }
    return made
  }
}
