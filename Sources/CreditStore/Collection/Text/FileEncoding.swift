// Owns the encodings of files and telling them apart.
// Invariants: a byte order mark decides; otherwise the first bytes beyond ASCII do; nothing is guessed per row.

/// How the text of a file is encoded (文件编码).
public enum FileEncoding: String, Sendable, Codable, CaseIterable {
  /// UTF-8, with or without a byte order mark.
  case utf8 = "utf-8"
  /// GB 18030; also reads GBK and GB 2312.
  case gb18030
  /// The contents decide.
  case auto
}

package enum EncodingDetector {
  /// The encoding of a file whose first bytes are given.
  ///
  /// - Parameter isWhole: whether the bytes are the whole file; otherwise a character may be cut at the end.
  /// - Returns: `nil` when the bytes are neither; `.auto` when they are ASCII so far.
  package static func detect(_ bytes: UnsafeRawBufferPointer, isWhole: Bool) -> FileEncoding? {
    if bytes.allSatisfy({ $0 < 0x80 }) { return .auto }
    let valid = UTF8Validation.validPrefix(bytes)
    if valid == bytes.count || (!isWhole && bytes.count - valid < 4 && isCutCharacter(bytes, from: valid)) {
      return .utf8
    }
    guard let decoder = GB18030.shared else { return nil }
    // A cut character at the end of an excerpt is no fault: look only at whole lines.
    let end = isWhole ? bytes.count : (bytes.lastIndex(of: 0x0A) ?? bytes.count)
    var output: [UInt8] = []
    return decoder.decode(UnsafeRawBufferPointer(rebasing: bytes[..<end]), into: &output) ? .gb18030 : nil
  }

  private static func isCutCharacter(_ bytes: UnsafeRawBufferPointer, from index: Int) -> Bool {
    guard index < bytes.count, bytes[index] >= 0xC2 else { return false }
    return bytes[(index + 1)...].allSatisfy { $0 & 0xC0 == 0x80 }
  }
}
