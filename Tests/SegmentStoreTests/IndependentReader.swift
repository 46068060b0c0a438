// Owns running the reader in Tests/FormatReader, which somebody else wrote from docs/file-format.md alone, and comparing what it says with the engine.
// Invariants: both say a row in the same words: dataset, key, commit, batch, version, state, commit that superseded it, cells.

import Foundation
@testable import SegmentStore
import Testing

enum IndependentReader {
  static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "FormatReader/format_reader.py").path

  /// Whether there is what it runs with; says so where there is not.
  static func isThere() throws -> Bool {
    if let version = try run(["--version"]), version.status == 0 { return true }
    print("skipped: there is no python3 to run the independent reader with")
    return false
  }

  static func run(_ arguments: [String]) throws -> (status: Int32, output: String)? {
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

  /// Lets the reader read a store and compares what it says.
  static func compare(_ path: String, _ expected: [String]) throws {
    let result = try #require(try run([script, path]))
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
  static func lines(
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
  static func line(_ object: Any) throws -> String {
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
