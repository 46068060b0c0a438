// Goal: text is decoded and cut as other systems do it.
// Method: the material of other projects, and a decoder of another language where it is installed.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct EncodingAndCSVTests {
  private func decode(_ bytes: [UInt8]) -> String? {
    var output: [UInt8] = []
    let isWhole = bytes.withUnsafeBytes { GB18030.shared?.decode($0, into: &output) ?? false }
    return isWhole ? String(decoding: output, as: UTF8.self) : nil
  }

  @Test func knownCodes() {
    #expect(decode([0xB9, 0xAB, 0xCB, 0xBE]) == "公司")
    // Private use survives; iconv of a later edition would give U+FE10.
    #expect(decode([0xA6, 0xD9]) == "\u{E78D}")
    #expect(
      decode([0x81, 0x35, 0xF4, 0x37]) == "\u{1E3F}" && decode([0x90, 0x30, 0x81, 0x30]) == "\u{10000}")
    #expect(decode([0xE3, 0x32, 0x9A, 0x35]) == "\u{10FFFF}")
    for bad: [UInt8] in [
      [0x80], [0xFF], [0xB9], [0x81, 0x7F], [0x81, 0x30, 0x81], [0xE3, 0x32, 0x9A, 0x36], [0x81, 0x20],
    ] {
      #expect(decode(bad) == nil)
    }
  }

  @Test func everyScalarAgreesWithPython() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "python3", "-c",
      "import sys\nw=sys.stdout.buffer\nfor c in range(0x80,0x110000):\n"
        + " if 0xd800<=c<0xe000: continue\n b=chr(c).encode('gb18030')\n w.write(bytes([len(b)])+b+c.to_bytes(4,'little'))",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      print("skipped: there is no python3 to compare GB 18030 with")
      return
    }
    var index = 0
    var compared = 0
    var wrong = 0
    while index < data.count {
      let length = Int(data[index])
      let code = Array(data[index + 1..<index + 1 + length])
      let scalar = data[(index + 1 + length)..<(index + 5 + length)].reversed().reduce(0) {
        $0 << 8 | UInt32($1)
      }
      if decode(code)?.unicodeScalars.first?.value != scalar { wrong += 1 }
      compared += 1
      index += 5 + length
    }
    print("GB 18030: \(compared) scalars compared")
    #expect(wrong == 0 && compared > 1_000_000)
  }

  @Test func utf8IsJudgedLikeTheStandardLibraryDoes() {
    var random = SeededGenerator(seed: 31)
    let pieces: [[UInt8]] = [
      [0x41], Array("好".utf8), Array("é".utf8), Array("𠮷".utf8), [0xC0, 0x80], [0xED, 0xA0, 0x80],
      [0xF4, 0x90, 0x80, 0x80],
      [0x80], [0xE0, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80], [0xE5, 0xA5], Array("好好好".utf8),
      // Leads that restrict what follows them, among those that do not.
      Array("ก".utf8), Array("퟿".utf8), Array("信用abcdefgh".utf8),
    ]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0..<8, using: &random)).flatMap { _ in
        pieces.randomElement(using: &random) ?? []
      }
      let expected = (0...bytes.count).last { String(validating: bytes[..<$0], as: UTF8.self) != nil }
      #expect(bytes.withUnsafeBytes { UTF8Validation.validPrefix($0) } == expected, "\(bytes)")
    }
  }

  /// Unquoted cells of any bytes end at the first comma or line end, beside bytes that differ from these by a bit or by one.
  @Test func unquotedCellsEndWhereTheyShould() {
    let seed: UInt64 = 78
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let delimiters: [UInt8] = [0x2C, 0x0A, 0x0D]
    let near: [UInt8] = [
      0x2B, 0x2D, 0x2E, 0xAC, 0x0B, 0x0C, 0x0E, 0x09, 0x8A, 0x8D, 0x6C, 0x00, 0x80, 0xFF, 0x61,
    ]
    for _ in 0..<20_000 {
      let bytes =
        [0x61]
        + (0..<Int.random(in: 0..<40, using: &random)).map { _ -> UInt8 in
          Int.random(in: 0..<8, using: &random) == 0
            ? delimiters.randomElement(using: &random) ?? 0x2C : near.randomElement(using: &random) ?? 0
        }
      var lines: [[[UInt8]]] = [[[]]]
      for byte in bytes {
        if byte == 0x2C {
          lines[lines.count - 1].append([])
        } else if byte == 0x0A || byte == 0x0D {
          lines.append([[]])
        } else {
          let last = lines.count - 1
          lines[last][lines[last].count - 1].append(byte)
        }
      }
      // Lines of nothing but blanks are no records.
      let expected = lines.filter { $0.count > 1 || !$0[0].allSatisfy { $0 == 0x20 || $0 == 0x09 } }
      let found = bytes.withUnsafeBytes { buffer -> [[[UInt8]]] in
        var parser = RecordParser(buffer)
        var rows: [[[UInt8]]] = []
        while parser.next() { rows.append((0..<parser.cellCount).map { parser.copy(parser[$0]) }) }
        return rows
      }
      #expect(found == expected, "\(bytes)")
    }
  }

  @Test func theCSVSpectrumIsReadAsItsAuthorsSay() throws {
    guard let folder = RealData.path("generic/csv-spectrum", for: "the CSV spectrum") else { return }
    for name in try FileManager.default.contentsOfDirectory(atPath: folder + "/csvs").sorted() {
      // Its JSON describes other rows than its CSV, and is no UTF-8.
      if name == "location_coordinates.csv" { continue }
      let bytes = [UInt8](try #require(FileManager.default.contents(atPath: folder + "/csvs/" + name)))
      let json = folder + "/json/" + name.replacingOccurrences(of: ".csv", with: ".json")
      let data = try #require(FileManager.default.contents(atPath: json))
      let expected = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: String]])
      let rows = records(bytes)
      let header = rows.first ?? []
      let found = rows.dropFirst().map {
        Dictionary(zip(header, $0), uniquingKeysWith: { first, _ in first })
      }
      #expect(found == expected, "\(name)")
    }
  }

  /// Chunks may end anywhere: the splitter and the parser must agree on where records end.
  @Test func splitterAndParserAgree() {
    var random = SeededGenerator(seed: 77)
    let pieces = ["a", ",", "\"", "\"\"", "\n", "\r\n", "\r", " ", "好", "\"x,\ny\"", ",\"", "\","]
    for _ in 0..<5000 {
      let text = (0..<Int.random(in: 1..<40, using: &random)).map { _ in
        pieces.randomElement(using: &random) ?? ""
      }.joined()
      let bytes = Array(text.utf8)
      let boundary = bytes.withUnsafeBytes { RecordSplitter.lastBoundary($0, isLast: false) }.end
      let whole = records(bytes)
      let parts = records(Array(bytes[..<boundary])) + records(Array(bytes[boundary...]))
      #expect(parts == whole, "\(text.debugDescription) cut at \(boundary)")
    }
  }

  private func records(_ bytes: [UInt8]) -> [[String]] {
    bytes.withUnsafeBytes { buffer in
      var parser = RecordParser(buffer)
      var rows: [[String]] = []
      while parser.next() {
        rows.append((0..<parser.cellCount).map { String(decoding: parser.copy(parser[$0]), as: UTF8.self) })
      }
      return rows
    }
  }
}
