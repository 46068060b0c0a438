// Owns rows that make a merge use every encoding there is, beside many datasets of a few rows.
// Invariants: the same seed gives the same rows; each column is named after what it provokes.

@testable import SegmentStore
import TestSupport

enum RichRows {
  static let dataset: UInt32 = 20
  /// Datasets of a few rows: their numbers, from the first on.
  static let smallDatasets = 300

  /// date, received (relative to date), amount (patched), office number, office name (mapped), scope (phrases), document number (template),
  /// key text, remark (rarely there), name, terms and number of the subject (repeated from row to row).
  static let schema = DatasetSchema(
    dataset: DatasetID(rawValue: dataset), version: 2,
    columns: [
      ColumnSchema(id: 16, type: .integer), ColumnSchema(id: 17, type: .integer),
      ColumnSchema(id: 18, type: .integer), ColumnSchema(id: 19, type: .text),
      ColumnSchema(id: 20, type: .text),
      ColumnSchema(id: 21, type: .text), ColumnSchema(id: 22, type: .text), ColumnSchema(id: 23, type: .text),
      ColumnSchema(id: 24, type: .text), ColumnSchema(id: 25, type: .text), ColumnSchema(id: 26, type: .text),
      ColumnSchema(id: 27, type: .integer),
    ], orderColumn: 0, searchColumn: 6)

  static func smallSchema(_ number: Int) -> DatasetSchema {
    DatasetSchema(
      dataset: DatasetID(rawValue: UInt32(1000 + number)), version: 1,
      columns: [
        ColumnSchema(id: 16, type: .text), ColumnSchema(id: 17, type: .integer),
        ColumnSchema(id: 18, type: .text),
      ])
  }

  static let keyText: KeyText = { key, target in
    let text = Array(String(UInt64(truncatingIfNeeded: key >> 64), radix: 36).utf8)
    for (index, byte) in text.enumerated() {
      target.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    }
    return text.count
  }

  static func text(of key: UInt128) -> [UInt8] {
    let place = UnsafeMutableRawPointer.allocate(byteCount: 32, alignment: 8)
    defer { place.deallocate() }
    return Array(UnsafeRawBufferPointer(start: place, count: keyText(key, place)))
  }

  private static let phrases = [
    "日用百货销售", "建筑材料批发", "五金交电", "餐饮服务", "信息技术咨询服务", "道路货物运输（不含危险货物）", "食品经营", "房屋租赁",
    "（依法须经批准的项目，经相关部门批准后方可开展经营活动）", "软件开发",
  ]

  static func cells(key: UInt128, _ random: inout SeededGenerator) -> [RowPayload.Cell] {
    let date = Int64.random(in: 17_500...19_000, using: &random)
    let office = Int.random(in: 0..<90, using: &random)
    let scope =
      (0..<Int.random(in: 1...12, using: &random)).map { _ in
        phrases[Int.random(in: 0..<phrases.count, using: &random)]
          + ["、", "；", "，"][Int.random(in: 0..<3, using: &random)]
      }.joined() + "\(Int.random(in: 0..<1000, using: &random))"
    let isOdd = Int.random(in: 0..<200, using: &random) == 0
    return [
      isOdd ? .null : .integer(date),
      .integer(date * 86_400 + Int64.random(in: 0..<86_400 * 3, using: &random)),
      .integer(
        isOdd ? Int64.random(in: .min ... .max, using: &random) : Int64.random(in: 0..<5000, using: &random)),
      .text(Array("1303\(office)".utf8)),
      .text(Array((isOdd ? "别的机关" : "第\(office * 7)号机关").utf8)),
      .text(isOdd ? [0xFF, 0xE4, 0xB8, 0, UInt8.random(in: 0...255, using: &random)] : Array(scope.utf8)),
      .text(Array("冀秦罚字〔2021〕第\(Int.random(in: 1_000_000..<9_999_999, using: &random))号".utf8)),
      .text(text(of: key)),
      isOdd ? .text(Array("备注".utf8)) : .null,
      .text(Array("秦皇岛\(key >> 64)商贸有限公司".utf8)), terms(of: key, date / 300),
      .integer(Int64(truncatingIfNeeded: (key >> 64) * 0x9E37_79B9_7F4A) & 0xFF_FFFF_FFFF),
    ]
  }

  /// A text that a subject's rows have for some time, and some subjects never have.
  private static func terms(of key: UInt128, _ time: Int64) -> RowPayload.Cell {
    var random = SeededGenerator(seed: UInt64(truncatingIfNeeded: key >> 64) ^ UInt64(time) << 40)
    guard Int.random(in: 0..<9, using: &random) > 0 else { return .null }
    return .text(
      Array(
        (0..<5).map { _ in phrases[Int.random(in: 0..<phrases.count, using: &random)] }.joined(
          separator: "；"
        ).utf8))
  }

  static func smallCells(key: UInt128, _ number: Int, _ random: inout SeededGenerator) -> [RowPayload.Cell] {
    [
      .text(text(of: key)), .integer(Int64.random(in: -9...9, using: &random)),
      number % 3 == 0 ? .null : .text(Array("数据\(number)".utf8)),
    ]
  }

  static func key(_ number: Int) -> UInt128 { UInt128(number * 7919 + 5) << 64 }

  /// Fills a store; returns its rows as texts, to be compared as a sorted list.
  static func fill(_ engine: SegmentEngine, rows: Int, commits: Int, seed: UInt64) throws -> [String] {
    var random = SeededGenerator(seed: seed)
    var lines: [String] = []
    for _ in 0..<commits {
      _ = try engine.write { transaction in
        for _ in 0..<rows {
          let key = key(Int.random(in: 0..<400, using: &random))
          let cells = cells(key: key, &random)
          try transaction.append(schema, key: key, batch: 5, payload: RowPayload.encode(cells))
          lines.append(line(dataset, key, cells))
        }
        for number in 0..<smallDatasets where number % commits == 0 || number % 7 == 0 {
          let key = key(Int.random(in: 0..<400, using: &random))
          let cells = smallCells(key: key, number, &random)
          try transaction.append(smallSchema(number), key: key, batch: 6, payload: RowPayload.encode(cells))
          lines.append(line(UInt32(1000 + number), key, cells))
        }
      }
    }
    return lines.sorted()
  }

  static func line(_ dataset: UInt32, _ key: UInt128, _ cells: [RowPayload.Cell]) -> String {
    "\(dataset) \(key) \(hex(RowPayload.encode(cells)))"
  }

  /// A version of a row as one text: what it says, and the commits that made and superseded it.
  static func line(_ row: StoredRow) -> String {
    let system = row.system
    return
      "\(row.dataset.rawValue) \(row.key) \(system.commit) \(system.batch) \(system.version) \(system.state) \(row.superseded ?? 0) "
      + hex(row.payload)
  }

  /// Bytes as text: as a list of numbers those of a million rows take minutes.
  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(unsafeUninitializedCapacity: bytes.count * 2) { text in
      for (place, byte) in bytes.enumerated() {
        text[2 * place] = digits[Int(byte >> 4)]
        text[2 * place + 1] = digits[Int(byte & 15)]
      }
      return bytes.count * 2
    }
  }

  /// The rows a store has now, read subject by subject.
  static func lines(_ engine: SegmentEngine) throws -> [String] {
    let snapshot = engine.snapshot()
    var lines: [String] = []
    let schemas = [schema] + (0..<smallDatasets).map(smallSchema)
    for number in 0..<400 {
      let key = key(number)
      let known = Set(try snapshot.datasets(of: key))
      for schema in schemas where known.contains(schema.dataset) {
        for row in try snapshot.rows(of: key, schema: schema) {
          let cells = row.payload.withUnsafeBytes { RowPayload.decode($0, schema) } ?? []
          lines.append(line(schema.dataset.rawValue, key, cells))
        }
      }
    }
    return lines.sorted()
  }

  /// The same rows, of each subject all at once and column by column.
  static func visitedLines(_ engine: SegmentEngine) throws -> [String] {
    let snapshot = engine.snapshot()
    var lines: [String] = []
    let schemas = [schema] + (0..<smallDatasets).map(smallSchema)
    for number in 0..<400 {
      let places = try snapshot.places(of: key(number), includesHistory: false)
      let known = Set(try snapshot.datasets(of: places))
      for schema in schemas where known.contains(schema.dataset) {
        try snapshot.visitCurrentRows(places, schema: schema) { (rows, systems, reader) throws(StoreError) in
          precondition(rows.count == systems.count)
          for (row, system) in zip(rows, systems) {
            let same = try snapshot.row(at: reader.address(of: row), key: places.key, schema: schema)
            precondition(same.system == system, "\(same.system) is not \(system)")
          }
          var cells = rows.map { _ in schema.columns.map { _ in RowPayload.Cell.null } }
          for (column, wanted) in schema.columns.enumerated() {
            if wanted.type == .integer {
              try reader.integers(column, rows) { cells[$0][column] = .integer($1) }
            } else {
              try reader.texts(column, rows, key: places.key) { place, text, isKey in
                precondition(!isKey || Array(text) == Self.text(of: places.key))
                cells[place][column] = .text(Array(text))
              }
            }
          }
          lines += cells.map { line(schema.dataset.rawValue, places.key, $0) }
        } memory: { (row) throws(StoreError) in
          let cells = row.payload.withUnsafeBytes { RowPayload.decode($0, schema) } ?? []
          lines.append(line(schema.dataset.rawValue, places.key, cells))
        }
      }
    }
    return lines.sorted()
  }
}
