// Owns writing CSV files, in UTF-8 or GB 18030.
// Invariants: RFC 4180; bytes are written in large pieces.

import CreditStore
import Foundation

final class CSVWriter {
  private let handle: FileHandle
  private let path: String
  private let converter: ((String) -> Data?)?
  private var buffer = ""
  private(set) var rows = 0

  init(_ path: String, encoding: FileEncoding = .utf8) throws {
    self.path = path
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let handle = FileHandle(forWritingAtPath: path)
    else { throw CreditError("unwritable", "the file cannot be written", file: path) }
    self.handle = handle
    // GB 18030 is Foundation's encoding 0x80000632 (Core Foundation's number with the top bit set).
    converter = encoding == .gb18030 ? { $0.data(using: String.Encoding(rawValue: 0x8000_0632)) } : nil
  }

  /// Writes a row; cells are quoted where they must be.
  func write(_ cells: [String]) throws {
    for (index, cell) in cells.enumerated() {
      if index > 0 { buffer += "," }
      if cell.utf8.contains(where: { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }) {
        buffer += "\"" + cell.replacingOccurrences(of: "\"", with: "\"\"") + "\""
      } else {
        buffer += cell
      }
    }
    buffer += "\n"
    rows += 1
    if buffer.utf8.count > 1 << 20 { try flush() }
  }

  /// Writes a line as it is.
  func write(raw line: String) throws {
    buffer += line + "\n"
    rows += 1
    if buffer.utf8.count > 1 << 20 { try flush() }
  }

  func flush() throws {
    guard let data = converter.map({ $0(buffer) }) ?? Data(buffer.utf8) else {
      throw CreditError("unwritable", "this system cannot write GB 18030", file: path)
    }
    try handle.write(contentsOf: data)
    buffer = ""
  }

  func close() throws {
    try flush()
    try handle.close()
  }
}
