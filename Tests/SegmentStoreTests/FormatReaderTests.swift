// Goal: the page docs/file-format.md says what the engine writes.
// Method: the reader in Tests/FormatReader, written from that page alone by somebody else, reads a store of the engine and
// every row is compared with what the engine itself says.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct FormatReaderTests {
  /// The reader's own tests on bytes made by hand.
  @Test func theReaderPassesItsOwnTests() throws {
    guard try IndependentReader.isThere() else { return }
    let folder = URL(fileURLWithPath: IndependentReader.script).deletingLastPathComponent().path
    let result = try #require(
      try IndependentReader.run(["-B", "-m", "unittest", "discover", "-s", folder, "-t", folder]))
    #expect(result.status == 0)
  }

  @Test(arguments: [false, true]) func theIndependentReaderAgrees(isCompacted: Bool) throws {
    guard try IndependentReader.isThere() else { return }
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
    let expected = try IndependentReader.lines(engine, keys, [7, 9].map(EngineModelTests.schema))
    try engine.close()
    try IndependentReader.compare(path, expected)
  }

  /// Phrases, maps, relative and patched integers, key texts and bundles, with history among them.
  @Test func theIndependentReaderReadsEveryEncoding() throws {
    guard try IndependentReader.isThere() else { return }
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let engine = try GoldenEngine.make(at: path)
    var dumped: [String] = []
    try engine.dump(.blocks) { dumped.append($0) }
    for encoding in GoldenEngine.encodings {
      #expect(dumped.contains { $0.contains(encoding) }, "no block is \(encoding)")
    }
    let expected = try GoldenEngine.lines(engine)
    try engine.close()
    try IndependentReader.compare(path, expected)
  }

  @Test func theIndependentReaderReadsMultiples() throws {
    guard try IndependentReader.isThere() else { return }
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let (engine, _) = try MoneyRows.make(at: path, seed: 4)
    try engine.compact()
    let expected = try MoneyRows.lines(engine)
    try engine.close()
    try IndependentReader.compare(path, expected)
  }
}
