// Owns rows of money and instants, which a merge stores as multiples, and the store of them that is kept (Tests/Golden).
// Invariants: the same seed gives the same rows.

import Foundation
@testable import SegmentStore
import TestSupport

enum MoneyRows {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/format-1-multiples").path

  /// Amount in fen, most of it whole yuan; instant of a payment in seconds, all of them whole hours, some absent; a balance that may be below zero and
  /// stays the same for a while; a number of its own.
  static let schema = DatasetSchema(
    dataset: DatasetID(rawValue: 20), version: 1,
    columns: [
      ColumnSchema(id: 16, type: .integer), ColumnSchema(id: 17, type: .integer),
      ColumnSchema(id: 18, type: .integer), ColumnSchema(id: 19, type: .integer),
    ])

  static func key(_ number: Int) -> UInt128 { UInt128(number * 7919 + 5) << 64 }

  static func make(at path: String, seed: UInt64) throws -> (engine: SegmentEngine, rows: [[Int64?]]) {
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: GoldenEngine.options())
    var random = SeededGenerator(seed: seed)
    var rows: [[Int64?]] = []
    for _ in 0..<2 {
      _ = try engine.write { transaction in
        for number in 0..<300 {
          let balance = Int64.random(in: -90_000...90_000, using: &random) * 10_000
          for _ in 0..<3 {
            let amount = Int64.random(in: 0..<50_000, using: &random) * 100
            let isOdd = Int.random(in: 0..<6, using: &random) == 0
            let row: [Int64?] = [
              isOdd ? amount + Int64.random(in: 1...99, using: &random) : amount,
              Int.random(in: 0..<9, using: &random) == 0
                ? nil : Int64.random(in: 450_000..<470_000, using: &random) * 3600,
              balance, Int64(rows.count),
            ]
            rows.append(row)
            try transaction.append(
              schema, key: key(number), batch: 1,
              payload: RowPayload.encode(row.map { value in value.map { .integer($0) } ?? .null }))
          }
        }
      }
    }
    return (engine, rows)
  }

  static func lines(_ engine: SegmentEngine) throws -> [String] {
    try IndependentReader.lines(engine, (0..<300).map(key), [schema])
  }
}
