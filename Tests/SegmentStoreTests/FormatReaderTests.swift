// Goal: the page docs/file-format.md says what the engine writes.
// Method: the reader in Tests/FormatReader, written from that page alone by somebody else, reads a store of the engine and
// every row is compared with what the engine itself says.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct FormatReaderTests {
  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .appending(path: "FormatReader/format_reader.py").path

  private func run(_ arguments: [String]) throws -> (status: Int32, output: String)? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// The reader's own tests on bytes made by hand.
  @Test func theReaderPassesItsOwnTests() throws {
    guard let version = try run(["--version"]), version.status == 0 else {
      print("skipped: there is no python3 to run the independent reader with")
      return
    }
    let folder = URL(fileURLWithPath: Self.script).deletingLastPathComponent().path
    let result = try #require(try run(["-B", "-m", "unittest", "discover", "-s", folder, "-t", folder]))
    #expect(result.status == 0)
  }

  @Test(arguments: [false, true]) func theIndependentReaderAgrees(isCompacted: Bool) throws {
    guard let version = try run(["--version"]), version.status == 0 else {
      print("skipped: there is no python3 to run the independent reader with")
      return
    }
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite())
    var random = SeededGenerator(seed: 11)
    let keys = (0..<700).map { _ in UInt128(UInt64.random(in: 0...UInt64.max, using: &random)) << 60 }
    for step in 1...12 {
      _ = try engine.write { transaction in
        var rows: [EngineModelTests.ModelRow] = []
        for index in 0..<(step.isMultiple(of: 4) ? 9000 : 5) {
          rows.append(
            EngineModelTests.ModelRow(
              dataset: index.isMultiple(of: 3) ? 9 : 7, key: keys.randomElement(using: &random) ?? 1,
              commit: 0,
              superseded: nil, cells: EngineModelTests.cells(&random, serial: index)))
        }
        for row in try transaction.snapshot.rows(of: keys[step], schema: EngineModelTests.schema(7))
        where row.superseded == nil { transaction.supersede(row.address) }
        if rows.count > 100 {
          try EngineModelTests.writeSegment(rows, &transaction, batch: UInt64(step))
        } else {
          for row in rows {
            try transaction.append(
              EngineModelTests.schema(row.dataset), key: row.key, batch: UInt64(step), version: 3, state: 2,
              payload: RowPayload.encode(row.cells))
          }
        }
      }
    }
    if isCompacted {
      try engine.compact()
      // Rows in memory, in history and in a segment of their own beside the merged ones.
      _ = try engine.write { transaction in
        for row in try transaction.snapshot.rows(of: keys[20], schema: EngineModelTests.schema(9))
        where row.superseded == nil { transaction.supersede(row.address) }
        try transaction.append(
          EngineModelTests.schema(9), key: keys[21], batch: 99,
          payload: RowPayload.encode([.integer(1), .null, .text([66]), .integer(7)]))
      }
    }
    let expected = try lines(engine, keys, [7, 9].map(EngineModelTests.schema))
    try engine.close()
    try compare(path, expected)
  }

  /// Phrases, maps, relative and patched integers, key texts and bundles, with history among them.
  @Test func theIndependentReaderReadsEveryEncoding() throws {
    guard let version = try run(["--version"]), version.status == 0 else {
      print("skipped: there is no python3 to run the independent reader with")
      return
    }
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    // The reader renders keys as this library does; these rows have keys of their own, so texts of keys stay words.
    var options = EngineOptions()
    options.compactsAutomatically = false
    (options.searchForm, options.indexedRows) = (TextIndexTests.form, 0)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options)
    _ = try RichRows.fill(engine, rows: 3000, commits: 2, seed: 12)
    let snapshot = engine.snapshot()
    _ = try engine.write { transaction in
      for number in 0..<30 {
        for schema in [RichRows.schema, RichRows.smallSchema(0)] {
          for row in try snapshot.rows(of: RichRows.key(number), schema: schema) {
            transaction.supersede(row.address)
          }
        }
      }
    }
    try engine.compact()
    var dumped: [String] = []
    try engine.dump(.blocks) { dumped.append($0) }
    for encoding in ["phrases repeats", "codedText repeats", "mappedCodes", "patchedIntegers"] {
      #expect(dumped.contains { $0.contains(encoding) }, "no block is \(encoding)")
    }
    let keys = (0..<400).map(RichRows.key)
    let expected = try lines(
      engine, keys, [RichRows.schema] + (0..<RichRows.smallDatasets).map(RichRows.smallSchema))
    try engine.close()
    try compare(path, expected)
  }

  /// Lets the reader read a store and compares what it says.
  private func compare(_ path: String, _ expected: [String]) throws {
    let result = try #require(try run([Self.script, path]))
    try #require(result.status == 0, "\(result.output.prefix(500))")
    let found = try result.output.split(separator: "\n").map {
      try line(JSONSerialization.jsonObject(with: Data($0.utf8)))
    }
    #expect(found.count == expected.count)
    // Said in few words: the rows are many.
    let difference = zip(found.sorted(), expected.sorted()).first { $0 != $1 }
    #expect(difference == nil)
  }

  /// What the engine says, one text a row.
  private func lines(
    _ engine: SegmentEngine, _ keys: [UInt128], _ schemas: [DatasetSchema]
  ) throws -> [String] {
    var lines: [String] = []
    let snapshot = engine.snapshot()
    for key in Set(keys) {
      let known = Set(try snapshot.datasets(of: key))
      for schema in schemas where known.contains(schema.dataset) {
        let dataset = schema.dataset.rawValue
        for row in try snapshot.rows(of: key, schema: schema) {
          let cells = row.payload.withUnsafeBytes { RowPayload.decode($0, schema) } ?? []
          let columns = zip(schema.columns, cells).compactMap { column, cell -> String? in
            switch cell {
            case .null: nil
            case .integer(let value): "\(column.id)=\(value)"
            case .text(let bytes):
              "\(column.id)=" + bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
            }
          }
          let hex = String(key, radix: 16)
          lines.append(
            "\(dataset) \(String(repeating: "0", count: 32 - hex.count) + hex) \(row.system.commit) \(row.system.batch) "
              + "\(row.system.version) \(row.system.state) \(row.superseded.map(String.init) ?? "-") "
              + columns.joined(separator: ","))
        }
      }
    }
    return lines
  }

  /// What the independent reader says, in the same form.
  private func line(_ object: Any) throws -> String {
    let row = try #require(object as? [String: Any])
    let columns = try #require(row["columns"] as? [String: Any])
    let cells = columns.keys.compactMap { Int($0) }.sorted().map { id -> String in
      if let text = columns[String(id)] as? [String: Any] { return "\(id)=\(text["hex"] as? String ?? "")" }
      return "\(id)=\((columns[String(id)] as? NSNumber)?.int64Value ?? 0)"
    }
    func number(_ name: String) -> String { (row[name] as? NSNumber).map { "\($0.int64Value)" } ?? "-" }
    return "\(number("dataset")) \(row["key"] as? String ?? "") \(number("commit")) \(number("batch")) "
      + "\(number("version")) \(number("state")) \(number("superseded")) " + cells.joined(separator: ",")
  }
}
