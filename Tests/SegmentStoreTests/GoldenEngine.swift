// Owns the store of the engine that is kept as format version 1 (Tests/Golden), and how it was made: every encoding, history, a bundle, an index of texts.
// Invariants: the same seed gives the same rows.

import Foundation
@testable import SegmentStore
import TestSupport

enum GoldenEngine {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/format-1").path

  /// What blocks it has, as a dump calls them.
  static let encodings = ["phrases repeats", "codedText repeats", "mappedCodes", "patchedIntegers"]

  /// The reader beside it renders keys as this library does; these rows have keys of their own, so texts of keys stay words.
  static func options() -> EngineOptions {
    var options = EngineOptions()
    options.compactsAutomatically = false
    (options.searchForm, options.indexedRows) = (TextIndexTests.form, 0)
    return options
  }

  static func make(at path: String, rows: Int = 3000) throws -> SegmentEngine {
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: options())
    _ = try RichRows.fill(engine, rows: rows, commits: 2, seed: 12)
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
    return engine
  }

  /// Every version of every row.
  static func lines(_ engine: SegmentEngine) throws -> [String] {
    try IndependentReader.lines(
      engine, (0..<400).map(RichRows.key),
      [RichRows.schema] + (0..<RichRows.smallDatasets).map(RichRows.smallSchema))
  }
}
