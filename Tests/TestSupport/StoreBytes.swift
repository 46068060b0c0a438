// Owns looking for bytes in all files of a store, also inside compressed blocks, from docs/file-format.md alone.
// Invariants: every byte of every file is looked at; blocks are walked one behind the other, as they lie.

import Foundation
import SegmentStore

package enum StoreBytes {
  /// Names of the files that hold one of the byte strings, with how often, e.g. "seg/…3.seg: 2".
  package static func files(of store: String, holding needles: [[UInt8]]) throws -> [String] {
    var found: [String] = []
    let names = try FileManager.default.subpathsOfDirectory(atPath: store).sorted()
    for name in names {
      var isFolder: ObjCBool = false
      let path = store + "/" + name
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue else {
        continue
      }
      var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      var count = 0
      for part in (name.hasSuffix(".seg") ? unpackBlocks(&bytes) : []) + [bytes] {
        for needle in needles { count += occurrences(of: needle, in: part) }
      }
      if count > 0 { found.append("\(name): \(count)") }
    }
    return found
  }

  /// Takes the compressed blocks out of a segment and returns what they hold.
  private static func unpackBlocks(_ bytes: inout [UInt8]) -> [[UInt8]] {
    func number(_ bytes: [UInt8], _ offset: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    var parts: [[UInt8]] = []
    var offset = 64
    while offset + 64 <= bytes.count, bytes[offset] == 0x0C, bytes[offset + 1] == 0xB1 {
      let (stored, raw) = (number(bytes, offset + 12), number(bytes, offset + 16))
      if bytes[offset + 3] == 1 {
        var part = [UInt8](repeating: 0, count: raw)
        let isWhole = bytes[(offset + 32)..<(offset + 32 + stored)].withUnsafeBytes { source in
          part.withUnsafeMutableBytes { LZ4.decompress(source, into: $0) }
        }
        precondition(isWhole)
        parts.append(part)
        for place in offset + 32..<offset + 32 + stored { bytes[place] = 0 }
      }
      offset += 32 + stored
    }
    precondition(offset + 32 == bytes.count, "the walk must end at the trailer")
    return parts
  }

  private static func occurrences(of needle: [UInt8], in bytes: [UInt8]) -> Int {
    guard let first = needle.first, bytes.count >= needle.count else { return 0 }
    var count = 0
    for start in 0...(bytes.count - needle.count) where bytes[start] == first {
      if bytes[start..<start + needle.count].elementsEqual(needle) { count += 1 }
    }
    return count
  }
}
