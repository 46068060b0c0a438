// Owns the files the fuzzer begins with for whole segments: small ones as the engine writes them, fresh and merged.
// Invariants: made anew for each run, so that a change of the format needs no change here.

import Foundation
import SegmentStore

enum SegmentSeeds {
  private static let form = SearchForm(version: 1) { text, target in target.append(contentsOf: text) }

  private static func schema(_ number: UInt32, columns: Int) -> DatasetSchema {
    DatasetSchema(
      dataset: DatasetID(rawValue: number), version: 1,
      columns: (0..<columns).map { ColumnSchema(id: UInt32(16 + $0), type: $0 % 2 == 0 ? .integer : .text) },
      orderColumn: 0, searchColumn: 1)
  }

  private static func cells(_ row: Int, columns: Int) -> [RowPayload.Cell] {
    let words = ["甲公司", "乙有限公司", "罚款、警告", "秦罚〔2021〕\(row * 7919 % 100_000)号", "丙"]
    return (0..<columns).map { column in
      if row % 11 == 10, column > 1 { return .null }
      return column % 2 == 0
        ? .integer(Int64(column == 0 ? 17_000 + row / 3 : row * row % 1000))
        : .text(Array(words[(column == 3 ? 3 : row % (column == 1 ? 5 : 3)) % 5].utf8))
    }
  }

  /// Writes them into a folder.
  static func write(to folder: String) throws {
    for (name, datasets, rows, columns) in [
      ("small", 3, 5, 2), ("rows", 1, 120, 6), ("mixed", 4, 40, 4), ("subjects", 1, 300, 2),
    ] {
      let store =
        NSTemporaryDirectory() + "segment-seeds.\(ProcessInfo.processInfo.processIdentifier).\(name)"
      defer { try? FileManager.default.removeItem(atPath: store) }
      var options = EngineOptions(memoryBudgetBytes: 16 << 20)
      (options.searchForm, options.indexedRows, options.compactsAutomatically) = (form, 0, false)
      _ = try SegmentEngine.create(at: store)
      let engine = try SegmentEngine(opening: store, mode: .readWrite(), options: options)
      for batch in 1...2 {
        _ = try engine.write { transaction in
          for dataset in 1...datasets {
            let schema = schema(UInt32(dataset), columns: columns)
            // Some datasets are large enough for columns of their own.
            for row in 0..<(dataset == 1 ? rows : 3) {
              try transaction.append(
                schema, key: UInt128(row / 2 + batch * 3), batch: UInt64(batch),
                payload: RowPayload.encode(cells(row, columns: columns)))
            }
          }
        }
      }
      let snapshot = engine.snapshot()
      _ = try engine.write { transaction in
        for row in try snapshot.rows(of: 5, schema: schema(1, columns: columns)) {
          transaction.supersede(row.address)
        }
      }
      try keep(store, as: folder + "/" + name + ".fresh")
      try engine.compact()
      try keep(store, as: folder + "/" + name + ".merged")
      try engine.close()
    }
  }

  private static func keep(_ store: String, as target: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: store + "/seg")
    where name.hasSuffix(".seg") {
      let path = target + "." + name
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: store + "/seg/" + name, toPath: path)
    }
  }
}
