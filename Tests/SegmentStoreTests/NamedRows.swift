// Owns rows of several datasets that name their subjects, and the store of them that is kept (Tests/Golden).
// Invariants: the same seed gives the same rows; most rows name their subject alike, whatever dataset they stand in.

import Foundation
@testable import SegmentStore
import TestSupport

enum NamedRows {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/format-1-subjects").path
  static let subjects = 3000
  /// The last one has names of its own for nearly every row, so that it cannot follow; the one before is small and stands in a bundle.
  static let datasets = 30..<36
  private static let strange: UInt32 = 35
  private static let small: UInt32 = 34

  /// A name by which subjects are searched, the same name once more, which is no search column, a number, an address, the district and a remark.
  static func schema(_ dataset: UInt32) -> DatasetSchema {
    DatasetSchema(
      dataset: DatasetID(rawValue: dataset), version: 1,
      columns: [
        ColumnSchema(id: 16, type: .text), ColumnSchema(id: 17, type: .text),
        ColumnSchema(id: 18, type: .integer), ColumnSchema(id: 19, type: .text),
        ColumnSchema(id: 20, type: .text), ColumnSchema(id: 21, type: .text),
      ], searchColumn: 0)
  }

  static var schemas: [DatasetSchema] { datasets.map { schema(UInt32($0)) } }

  static func key(_ number: Int) -> UInt128 { UInt128(number * 7919 + 5) << 64 }

  static func name(_ number: Int) -> [UInt8] {
    var random = SeededGenerator(seed: UInt64(number))
    let syllables = ["海", "港", "金", "鑫", "盛", "达", "恒", "泰", "瑞", "丰", "宏", "远", "安", "信", "诚", "顺"]
    let middle = (0..<Int.random(in: 2...5, using: &random)).map { _ in
      syllables[Int.random(in: 0..<syllables.count, using: &random)]
    }.joined()
    return Array("秦皇岛\(middle)\(number)商贸有限公司".utf8)
  }

  /// Puts rows into an open store; some subjects have no name anywhere, some rows none, some another one: a former name, one too long, none but blank.
  static func fill(_ engine: SegmentEngine, rows: Int, commits: Int, seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<commits {
      _ = try engine.write { transaction in
        for dataset in datasets.map(UInt32.init) {
          for row in 0..<(dataset == small ? 20 : rows) {
            let number = Int.random(in: 0..<subjects, using: &random)
            var name: [UInt8]? = number % 50 == 0 ? nil : Self.name(number)
            switch Int.random(in: 0..<100, using: &random) {
            case 0: name = nil
            case 1: name = Self.name(number + 1)
            case 2: name = number % 10 == 3 ? [] : Self.name(number)
            case 3: name = row == 7 ? Array(repeating: 0x61, count: 5000) : Self.name(number)
            default: break
            }
            if dataset == strange, name != nil {
              name = Self.name(Int.random(in: 0..<1_000_000, using: &random))
            }
            let cell = name.map { RowPayload.Cell.text($0) } ?? .null
            try transaction.append(
              schema(dataset), key: key(number), batch: 3,
              payload: RowPayload.encode([
                cell, cell, .integer(Int64(row)), .text(Array("人民路\(number * 7)号\(number % 31)室".utf8)),
                .text(Array("第\(number % 5)区".utf8)),
                .text(Array("备注\(Int.random(in: 0..<1_000_000, using: &random))".utf8)),
              ]))
          }
        }
      }
    }
  }

  static func options(segmentRows: Int? = nil) -> EngineOptions {
    var options = GoldenEngine.options()
    if let segmentRows { options.segmentRows = segmentRows }
    return options
  }

  /// A merged store with history.
  static func make(
    at path: String, rows: Int = 2000, seed: UInt64, segmentRows: Int? = nil
  ) throws -> SegmentEngine {
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(
      opening: path, mode: .readWrite(), options: options(segmentRows: segmentRows))
    try fill(engine, rows: rows, commits: 2, seed: seed)
    try supersede(engine, 0..<60)
    try engine.compact()
    return engine
  }

  /// Supersedes all rows of some subjects.
  static func supersede(_ engine: SegmentEngine, _ numbers: Range<Int>) throws {
    let snapshot = engine.snapshot()
    _ = try engine.write { transaction in
      for number in numbers {
        for schema in schemas {
          for row in try snapshot.rows(of: key(number), schema: schema) where row.superseded == nil {
            transaction.supersede(row.address)
          }
        }
      }
    }
  }

  /// Every version of every row.
  static func lines(_ engine: SegmentEngine) throws -> [String] {
    try IndependentReader.lines(engine, (0..<subjects).map(key), schemas).sorted()
  }
}
