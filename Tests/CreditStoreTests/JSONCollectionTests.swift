// Goal: the same records come in whether they are written as CSV or as JSON, whatever form of JSON; what cannot be read is kept aside or named, and nothing
// is lost.
// Method: random rows as CSV and as each form of JSON, written by Foundation or by hand; the stores' records compared.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct JSONCollectionTests {
  private func collect(
    _ store: StoreFixture, _ text: String, member: String? = nil, entry: String = "T1"
  ) throws -> Receipt {
    let file = try store.folder.write("file-\(UUID().uuidString).json", Data(text.utf8))
    let receipt = try store.database.collectBlocking(.json(file, recordsIn: member), for: entry)
    #expect(receipt.isBalanced)
    return receipt
  }

  private static let names = ["CODE", "NO", "DAY", "AMOUNT", "TEXT"]
  private static let texts = [
    "罚款", "é\"引\"", "a,b", "x\\y/z", "😀\t1", "行\n二", "", "{\"a\":[1]}", "null", "e\u{301}",
  ]

  private static func rows(_ count: Int, _ random: inout SeededGenerator) -> [[String: Any]] {
    (0..<count).map { index in
      var row: [String: Any] = [
        "CODE": StoreFixture.codes[index % 3], "NO": "文\(index % 97)", "TEXT": texts[index % texts.count],
      ]
      if index % 5 > 0 { row["DAY"] = "2021-0\(1 + index % 9)-1\(index % 10)" }
      if index % 3 > 0 {
        row["AMOUNT"] = NSDecimalNumber(
          string: "\(Int.random(in: 0..<100_000, using: &random)).\(index % 90 + 10)")
      }
      if index % 7 == 0 { row["AMOUNT"] = NSNull() }
      return row
    }
  }

  private static func csv(_ rows: [[String: Any]]) -> String {
    let lines = rows.map { row in
      names.map { name -> String in
        guard let value = row[name], !(value is NSNull) else { return "" }
        return CSVText.quoted("\(value)")
      }.joined(separator: ",")
    }
    return ([names.joined(separator: ",")] + lines).joined(separator: "\n") + "\n"
  }

  private func content(_ store: StoreFixture) throws -> [String] {
    try StoreFixture.codes.flatMap { code in
      try store.records(code, .history).map { record in
        let values = record.values.map { value in value?.canonicalText ?? "-" }
        return "\(record.key) \(record.version) " + values.joined(separator: "|")
      }
    }
  }

  @Test(arguments: [1, 2] as [UInt64])
  func everyFormOfJSONGivesTheRecordsOfCSV(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let rows = Self.rows(700, &random)
    let expected = try StoreFixture()
    let receipt = try expected.collect(text: Self.csv(rows))
    let objects = try rows.map {
      String(
        decoding: try JSONSerialization.data(withJSONObject: $0, options: [.withoutEscapingSlashes]),
        as: UTF8.self)
    }
    let pretty = try rows.map {
      String(
        decoding: try JSONSerialization.data(withJSONObject: $0, options: [.prettyPrinted, .sortedKeys]),
        as: UTF8.self)
    }
    let escaped = objects.map { text in
      text.unicodeScalars.map { scalar in
        scalar.value < 128
          ? String(scalar) : String(scalar).utf16.map { String(format: "\\u%04X", $0) }.joined()
      }.joined()
    }
    let forms: [(String, String?)] = [
      (objects.joined(separator: "\n"), nil), ("\u{FEFF}" + objects.joined(separator: "\r\n\n") + "\n", nil),
      ("[" + objects.joined(separator: ",") + "]", nil),
      (" [\n" + pretty.joined(separator: " ,\n") + "\n]\n", nil),
      (pretty.joined(separator: "\n"), nil), (escaped.joined(separator: "\n"), nil),
      (
        "{\"total\":700,\"more\":{\"rows\":[1,{\"x\":\"]}\"}]},\"note\":\"rows\",\"rows\" : ["
          + pretty.joined(separator: ",") + "],\"end\":1}", "rows"
      ),
    ]
    for (index, (text, member)) in forms.enumerated() {
      let store = try StoreFixture()
      let own = try collect(store, text, member: member)
      #expect(own.counters == receipt.counters && own.reported == 700, "form \(index)")
      #expect(try content(store) == content(expected), "form \(index)")
    }
  }

  /// Objects of any size cross the pieces in which a file is read.
  @Test func objectsLargerThanAPieceAreRead() throws {
    let store = try StoreFixture([StoreFixture.keyless])
    let long = String(repeating: "长", count: 200_000)
    let lines = (0..<4).map {
      "{\"CODE\":\"91130302MA0000015N\",\"NO\":\"\($0)\",\"AMOUNT\":\($0),\"DAY\":null,\"TEXT\":\"\(long)\"}"
    }
    // The text is too long for its item: kept aside, whole.
    let receipt = try collect(store, lines.joined(separator: "\n"), entry: "T0")
    #expect(receipt.reported == 4 && receipt.questionable == 4)
    let kept = try store.database.snapshot().setAsideRows(ofBatch: receipt.batch)
    guard case .object(let raw) = kept[3].raw else { Issue.record("no raw row"); return }
    #expect(raw.contains(long) && raw.contains("\"NO\":\"3\""))
  }

  /// Lines that are no objects, or have a member twice, are kept aside with what they say; the rest goes on.
  @Test func brokenLinesAreKeptAside() throws {
    let store = try StoreFixture()
    let good = "{\"CODE\":\"91130302MA0000015N\",\"NO\":\"文1\"}"
    let bad = [
      "{\"CODE\":\"91130302MA0000015N\",\"NO\":\"文2\"", "{\"NO\":\"文3\",\"NO\":\"文4\"}", "[1]", "{\"NO\":01}",
      "{\"NO\":tru}",
      "{\"NO\":\"\\u12\"}", "{\"NO\":\"\\uD800\"}", "{\"NO\":\"a\u{1}\"}", "{NO:1}", "{\"NO\":1,}",
      "{\"NO\":\"x\"} {}", "nonsense, \"quoted\"",
      "{\"NO\":" + String(repeating: "[", count: 100) + String(repeating: "]", count: 100) + "}",
    ]
    let receipt = try collect(
      store, ([good] + bad + [good.replacingOccurrences(of: "文1", with: "文9")]).joined(separator: "\n"))
    #expect(receipt.loaded == 2 && receipt.questionable == bad.count && receipt.unlinked == 0)
    let kept = try store.database.snapshot().setAsideRows(ofBatch: receipt.batch)
    for (row, text) in zip(kept, bad) {
      guard case .object(let raw) = row.raw else { Issue.record("row \(row.row) has no raw text"); continue }
      let cells = try #require(JSONSerialization.jsonObject(with: Data(raw.utf8)) as? [String: Any])
      #expect(cells["$extra"] as? [String] == [text], "\(raw)")
      #expect(cells.values.allSatisfy { $0 as? String == "" || $0 is [String] }, "\(raw)")
      #expect(row.reasons.map(\.rule) == ["R-JSON"])
    }
  }

  /// The first line decides what form a file has: also where it is broken, however long the file is.
  @Test func aBrokenFirstLineCostsNoOther() throws {
    let store = try StoreFixture([StoreFixture.keyless])
    let good =
      "{\"CODE\":\"91130302MA0000015N\",\"NO\":\"文\",\"TEXT\":\"" + String(repeating: " ", count: 2000)
      + "x\"}"
    let lines = ["{\"CODE\":"] + Array(repeating: good, count: 9000)
    let receipt = try collect(store, lines.joined(separator: "\n"), entry: "T0")
    #expect(
      receipt.reported == 9001 && receipt.questionable == 1 && receipt.loaded == 1
        && receipt.duplicate == 8999)
  }

  @Test func filesThatAreNoRecordsAreRefused() throws {
    let store = try StoreFixture()
    let commit = store.database.snapshot().commit
    let cases: [(String, String?, String)] = [
      ("", nil, "empty"), ("  \n", nil, "empty"), ("[]", nil, "empty"), ("{}", nil, "empty"),
      ("[{\"NO\":1}", nil, "invalidJSON"),
      ("[{\"NO\":1} {\"NO\":2}]", nil, "invalidJSON"), ("[{\"NO\":1},]", nil, "invalidJSON"),
      ("[1,2]", nil, "invalidJSON"),
      ("CODE,NO\n1,2\n", nil, "invalidJSON"), ("[{\"NO\":\"1", nil, "invalidJSON"),
      ("{\"rows\":1}", "rows", "invalidJSON"),
      ("{\"total\":1}", "rows", "invalidJSON"), ("[{\"NO\":1}]", "rows", "invalidJSON"),
      ("{\"a\":\"", "rows", "invalidJSON"),
      ("{\"CODE\":1,\"WRONG\":2}", nil, "wrongHeader"), ("<html>\n<body>{}</body>", nil, "invalidJSON"),
    ]
    for (text, member, code) in cases {
      #expect("\(text.prefix(40))") { try collect(store, text, member: member) } throws: {
        ($0 as? CreditError)?.code == code
      }
    }
    #expect(store.database.snapshot().commit == commit)
  }

  /// What follows `1e` in JSON that programs write: floating-point numbers below a ten-thousandth and above ten quadrillions.
  @Test func powersOfTenAreWrittenOut() {
    let cases = [
      ("1e-05", "0.00001"), ("1.5E+3", "1500"), ("-2.50e1", "-25.0"), ("12.345e-2", "0.12345"), ("0e5", "0"),
      ("1e16", "10000000000000000"), ("-0.001e-1", "-0.0001"),
    ]
    for (written, meant) in cases {
      let cell = Self.cell("{\"N\":\(written)}")
      #expect(cell == .text(Array(meant.utf8)), "\(written)")
    }
    // What has no power keeps its characters, and nothing grows without bound.
    for same in ["1.50", "-0", "1e999999999", "1e-99999999999999999999", "1e-9223372036854775808", "1e65"] {
      #expect(Self.cell("{\"N\":\(same)}") == .text(Array(same.utf8)), "\(same)")
    }
  }

  private static func cell(_ object: String) -> JSONRecordText.Cell? {
    var found: JSONRecordText.Cell?
    let isWhole = JSONRecordText.read(Array(object.utf8)[...]) { _, cell in
      found = cell
      return true
    }
    return isWhole ? found : nil
  }

  /// A unit sent one line with two objects and was told that its file is empty; another's first line was a note, and no row came in.
  @Test func anythingOnTheFirstLineCostsNoRow() throws {
    let rows = (1...2).map { "{\"CODE\":\"91130302MA0000015N\",\"NO\":\"文\($0)\"}" }
    for text in ["\(rows[0])\(rows[1])", "\(rows[0]) \t\(rows[1])\r\n \n"] {
      let receipt = try collect(StoreFixture(), text)
      #expect(receipt.loaded == 2 && receipt.reported == 2, "\(text)")
    }
    // Where other lines follow, the broken one is one row.
    let glued = try collect(StoreFixture(), "\(rows[0])\(rows[1])\n\(rows[1])\n")
    #expect(glued.loaded == 1 && glued.questionable == 1)
    let store = try StoreFixture()
    let noted = try collect(store, "sent by hand\n\(rows[0])\n\(rows[1])\n")
    #expect(noted.loaded == 2 && noted.questionable == 1)
    let kept = try store.database.snapshot().setAsideRows(ofBatch: noted.batch)
    #expect(kept.map(\.row) == [1] && kept[0].reasons.map(\.rule) == ["R-JSON"])
  }

  // MARK: Encodings

  /// GB 18030 by hand: 罚, 款, and characters whose second byte is a backslash, a brace or a bracket in ASCII; four-byte ones.
  private static let encoded: [(text: String, bytes: [UInt8])] = [
    ("罚款", [0xB7, 0xA3, 0xBF, 0xEE]), ("怽", [0x90, 0x5C]), ("恵", [0x90, 0x7B]), ("恾", [0x90, 0x7D]),
    ("怺", [0x90, 0x5B]), ("㐀", [0x81, 0x39, 0xEE, 0x39]), ("😀", [0x94, 0x39, 0xFC, 0x36]),
  ]

  private static func encode(_ text: String) -> [UInt8] {
    text.flatMap { character in
      encoded.first { $0.text == String(character) }?.bytes ?? Array(String(character).utf8)
    }
  }

  /// Old systems write JSON in GB 18030: it comes in as it would in UTF-8, and a letter of it may look like a brace.
  @Test func filesInGB18030AreRead() throws {
    let names = Self.encoded.dropFirst().map(\.text)
    let lines = (0..<9000).map { index in
      "{\"CODE\":\"91130302MA0000015N\",\"NO\":\"N\(index)\",\"TEXT\":\"\(names[index % names.count])\(index % 7 == 0 ? "" : "x")\"}"
    }
    let expected = try StoreFixture()
    _ = try collect(expected, lines.joined(separator: "\n"))
    for encoding in [FileEncoding.auto, .gb18030] {
      let store = try StoreFixture()
      let file = try store.folder.write(
        "gb.jsonl", Data(Array(lines.map { Self.encode($0) }.joined(separator: [0x0A]))))
      let receipt = try store.database.collectBlocking(.json(file, encoding: encoding), for: "T1")
      #expect(receipt.loaded == 9000)
      #expect(try content(store) == content(expected))
    }
  }

  /// A megabyte without the end of a line ends inside of a character, as likely as not.
  @Test func oneLongLineInGB18030IsRead() throws {
    let letters = Self.encoded[1].bytes
    for shift in 0..<2 {
      let start = Array(
        "[{\"CODE\":\"91130302MA0000015N\",\"NO\":\"1\",\"OTHER\":\"\(String(repeating: "x", count: shift))"
          .utf8)
      let long = (0..<700_000).flatMap { _ in letters }
      let store = try StoreFixture()
      let file = try store.folder.write("long.json", Data(start + long + Array("\"}]".utf8)))
      #expect(try store.database.collectBlocking(.json(file), for: "T1").loaded == 1)
    }
  }

  /// A character that cannot be read could be any: the file is refused with the place, whichever piece it is in.
  @Test func whatIsNoGB18030IsNamed() throws {
    let store = try StoreFixture()
    let start = Self.encode("[{\"CODE\":\"91130302MA0000015N\",\"NO\":\"") + Self.encoded[0].bytes
    let filling = [UInt8](repeating: 0x61, count: 3 << 20)
    let cases: [(name: String, bytes: [UInt8], encoding: FileEncoding, offset: Int?)] = [
      ("cut", start + [0xB7], .gb18030, start.count), ("wrong", start + [0xFF, 0x22], .gb18030, start.count),
      ("far", start + filling + [0x81, 0x20], .auto, start.count + filling.count),
      ("marked", [0xEF, 0xBB, 0xBF] + Array("[]".utf8), .gb18030, nil),
      ("wide", [0xFF, 0xFE, 0x5B, 0], .auto, nil),
    ]
    for (name, bytes, encoding, offset) in cases {
      let file = try store.folder.write(name, Data(bytes))
      #expect("\(name)") {
        try store.database.collectBlocking(.json(file, encoding: encoding), for: "T1")
      } throws: { error in
        let error = error as? CreditError
        return error?.code == "undecodable" && error?.offset == offset.map(Int64.init)
      }
    }
  }

  /// Characters that are cut between the pieces of a source come out whole.
  @Test(arguments: [1, 2] as [UInt64])
  func piecesOfAnySizeAreDecoded(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var text = ""
    var bytes: [UInt8] = []
    while bytes.count < 2 << 20 {
      let (letter, code) = try #require(Self.encoded.randomElement(using: &random))
      text += letter
      bytes += code
    }
    let pieceBytes = Int.random(in: 1...70_000, using: &random)
    var position = 0
    let source = HandedBytes(totalBytes: nil) {
      guard position < bytes.count else { return nil }
      let end = min(bytes.count, position + pieceBytes)
      defer { position = end }
      return Array(bytes[position..<end])
    }
    let decoded = try DecodedBytes(source, path: "piece", encoding: .gb18030)
    var found: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 10_007)
    while true {
      let count = try piece.withUnsafeMutableBytes { piece in
        try piece.baseAddress.map { try decoded.read(into: $0, count: piece.count) } ?? 0
      }
      if count == 0 { break }
      found += piece[..<count]
    }
    #expect(found == Array(text.utf8))
  }

  @Test func numbersAreThoseJSONWrites() {
    for text in ["0", "-0", "12", "1.50", "-3.25e+10", "1E5", "0.000"] {
      #expect(JSONRecordText.isNumber(Array(text.utf8)), "\(text)")
    }
    for text in ["", "-", "01", ".5", "1.", "1e", "+1", "0x1", "1_0", "NaN", "1e+"] {
      #expect(!JSONRecordText.isNumber(Array(text.utf8)), "\(text)")
    }
  }

  /// Any bytes at all are an object or none, and nothing is read outside of them.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func damagedObjectsNeverTrap(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let plain = Array("{\"a\\u00e9\":true,\"c\" : -1.5e3 ,\"d\":null,\"e\":\"\\ud83d\\ude00x\"}".utf8)
    let nested = Array("{\"a\":[1,{\"b\":\"\\\"}\"}],\"c\":{}}".utf8)
    for round in 0..<20_000 {
      let whole = round % 2 == 0 ? plain : nested
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(place...)
        default: bytes.insert(Array("{}[]\",:\\u".utf8).randomElement(using: &random) ?? 0, at: place)
        }
        if bytes.isEmpty { bytes = whole }
      }
      let isObject = JSONRecordText.read(bytes[...]) { _, _ in true }
      // What is taken, Foundation takes too; values of values are not looked into.
      if isObject, !bytes.contains(UInt8(ascii: "[")), !bytes.dropFirst().contains(UInt8(ascii: "{")),
        String(validating: bytes, as: UTF8.self) != nil
      {
        #expect(
          (try? JSONSerialization.jsonObject(with: Data(bytes))) is [String: Any],
          "\(String(decoding: bytes, as: UTF8.self))")
      }
    }
  }
}
