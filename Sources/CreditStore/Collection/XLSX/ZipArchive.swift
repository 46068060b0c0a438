// Owns finding the members of a ZIP file (APPNOTE 6.3.10, sections 4.3 to 4.5, with ZIP64) and opening them for reading.
// Invariants: nothing is read outside of the file, and no more than the directory is kept; member names are compared without regard to case, as
// the packages of ISO/IEC 29500-2 want it. Encrypted members, other packings than deflate, and files in several pieces are errors.
// Does not unpack (InflatedBytes), writes nothing.

import Foundation
import SegmentStore

/// The members of a ZIP file.
package struct ZipArchive {
  /// Where a member lies.
  struct Member {
    var method: UInt16
    var isEncrypted: Bool
    /// Bytes in the file, and unpacked.
    var packedBytes: UInt64
    var bytes: UInt64
    var checksum: UInt32
    var header: UInt64
  }

  /// Bytes of a directory at most: a workbook has some dozens of members.
  private static let maximumDirectoryBytes: UInt64 = 16 << 20
  private static let endBytes = 22

  package let path: String
  private let file: any StoreFile
  private let fileBytes: UInt64
  private var members: [String: Member] = [:]

  /// Reads the directory of a file.
  ///
  /// - Throws: `CreditError`: `unreadable`, `invalidWorkbook`.
  package init(path: String) throws {
    self.path = path
    try FileBytes.checkIsFile(path)
    do throws(StoreError) {
      file = try PosixFileSystem().open(path, writable: false)
      fileBytes = UInt64(max(0, try file.size()))
    } catch {
      throw CreditError("unreadable", error.message, file: path)
    }
    try readDirectory()
  }

  /// Whether there is a member.
  package func contains(_ name: String) -> Bool { members[Self.key(name)] != nil }

  /// Begins to read a member.
  ///
  /// - Throws: `CreditError`, code `invalidWorkbook`.
  package func open(_ name: String) throws -> any ByteSource {
    guard let member = members[Self.key(name)] else { throw invalid("it has no part \(name)") }
    guard !member.isEncrypted else { throw invalid("the part \(name) is encrypted") }
    guard member.method == 0 || member.method == 8 else {
      throw invalid("the part \(name) is packed in a way that is not read (\(member.method))")
    }
    let local = try bytes(30, at: member.header)
    guard local.number(0, 4) == 0x0403_4B50 else {
      throw invalid("the part \(name) is not where it should be")
    }
    let start = member.header + 30 + local.number(26, 2) + local.number(28, 2)
    guard start <= fileBytes, member.packedBytes <= fileBytes - start else {
      throw invalid("the part \(name) goes on behind the end of the file")
    }
    return try InflatedBytes(file, member, at: start, path: path)
  }

  private func invalid(_ message: String) -> CreditError { .invalidWorkbook(message, file: path) }

  private static func key(_ name: String) -> String {
    let parts = name.replacingOccurrences(of: "\\", with: "/").lowercased()
    return parts.hasPrefix("/") ? String(parts.dropFirst()) : parts
  }

  private func bytes(_ count: UInt64, at offset: UInt64) throws -> [UInt8] {
    guard offset <= fileBytes, count <= fileBytes - offset else { throw invalid("it is cut off") }
    do throws(StoreError) {
      return try file.read(count: Int(count), at: Int64(offset))
    } catch {
      throw CreditError("unreadable", error.message, file: path)
    }
  }

  // MARK: Directory

  private mutating func readDirectory() throws {
    let head = try bytes(min(8, fileBytes), at: 0)
    if head == [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1] {
      throw invalid("it is an old .xls workbook or protected by a password; save it as .xlsx without one")
    }
    let (count, size, offset) = try directoryPlace()
    guard size <= Self.maximumDirectoryBytes, count <= size / 46 else {
      throw invalid("its directory has an impossible size")
    }
    let directory = try bytes(size, at: offset)
    var place = 0
    for _ in 0..<count {
      guard place + 46 <= directory.count, directory.number(place, 4) == 0x0201_4B50 else {
        throw invalid("its directory is damaged")
      }
      let nameBytes = Int(directory.number(place + 28, 2))
      let extraBytes = Int(directory.number(place + 30, 2))
      let end = place + 46 + nameBytes + extraBytes + Int(directory.number(place + 32, 2))
      guard end <= directory.count else { throw invalid("its directory is damaged") }
      var member = Member(
        method: UInt16(directory.number(place + 10, 2)), isEncrypted: directory[place + 8] & 1 == 1,
        packedBytes: directory.number(place + 20, 4), bytes: directory.number(place + 24, 4),
        checksum: UInt32(directory.number(place + 16, 4)), header: directory.number(place + 42, 4))
      let name = place + 46..<place + 46 + nameBytes
      readWideSizes(directory[name.upperBound..<name.upperBound + extraBytes], &member)
      members[Self.key(String(decoding: directory[name], as: UTF8.self))] = member
      place = end
    }
  }

  /// Sizes and places that do not fit 32 bits stand in an extra field, in this order.
  private func readWideSizes(_ extra: ArraySlice<UInt8>, _ member: inout Member) {
    let bytes = Array(extra)
    var place = 0
    while place + 4 <= bytes.count {
      let end = place + 4 + Int(bytes.number(place + 2, 2))
      guard end <= bytes.count else { return }
      if bytes.number(place, 2) == 1 {
        var field = place + 4
        func widen(_ value: inout UInt64) {
          guard value == 0xFFFF_FFFF, field + 8 <= end else { return }
          value = bytes.number(field, 8)
          field += 8
        }
        widen(&member.bytes)
        widen(&member.packedBytes)
        widen(&member.header)
      }
      place = end
    }
  }

  /// Members, bytes and place of the directory, as the end of the file says.
  private func directoryPlace() throws -> (count: UInt64, bytes: UInt64, offset: UInt64) {
    let tailBytes = min(fileBytes, UInt64(Self.endBytes + 0xFFFF))
    let tailStart = fileBytes - tailBytes
    let tail = try bytes(tailBytes, at: tailStart)
    var place = tail.count - Self.endBytes
    while place >= 0, tail.number(place, 4) != 0x0605_4B50 { place -= 1 }
    guard place >= 0 else { throw invalid("it is no ZIP file, as a .xlsx workbook is") }
    let end = (
      count: tail.number(place + 10, 2), bytes: tail.number(place + 12, 4), offset: tail.number(place + 16, 4)
    )
    guard end.count == 0xFFFF || end.bytes == 0xFFFF_FFFF || end.offset == 0xFFFF_FFFF else { return end }
    // ZIP64: a locator before the end names another end.
    guard place >= 20, tail.number(place - 20, 4) == 0x0706_4B50 else { return end }
    let wide = try bytes(56, at: tail.number(place - 12, 8))
    guard wide.number(0, 4) == 0x0606_4B50 else { throw invalid("its directory is damaged") }
    return (wide.number(32, 8), wide.number(40, 8), wide.number(48, 8))
  }
}

extension CreditError {
  /// A workbook that cannot be read.
  static func invalidWorkbook(_ message: String, file: String) -> CreditError {
    CreditError("invalidWorkbook", "the workbook cannot be read: \(message)", file: file)
  }
}

extension [UInt8] {
  /// A number of some bytes, the least significant first; the caller knows that they are there.
  fileprivate func number(_ place: Int, _ width: Int) -> UInt64 {
    (0..<width).reduce(0) { $0 | UInt64(self[place + $1]) << UInt64(8 * $1) }
  }
}
