// Goal: names of subjects that stand once in a merged segment are read as if they stood beside each row: by subject, by scan, by address, after further merges, as of the
// past; what was purged is in no name; damage is found; the independent reader reads the same.
// Method: stores of datasets that name their subjects alike but for some, beside what was read before the merge; flipped bytes; bytes of the file.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct SubjectTextTests {
  private static func blocks(_ engine: SegmentEngine) throws -> [String: Int] {
    var lines: [String] = []
    try engine.dump(.blocks) { lines.append($0) }
    return [
      "subjectTexts": lines.count { $0.contains("subjectTexts") && $0.hasPrefix("      ") },
      "texts of subjects": lines.count { $0.contains("texts of subjects") },
    ]
  }

  @Test(arguments: [nil, 3000]) func namesStandOnceAndAreReadEverywhere(segmentRows: Int?) throws {
    let seed: UInt64 = 21
    print("seed \(seed)")
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(
      opening: path, mode: .readWrite(), options: NamedRows.options(segmentRows: segmentRows))
    try NamedRows.fill(engine, rows: 2000, commits: 2, seed: seed)
    try NamedRows.supersede(engine, 0..<60)
    let expected = try NamedRows.lines(engine)
    let past = engine.snapshot().commit
    let before = try Self.rows(engine.snapshot())
    try engine.compact()
    let found = try Self.blocks(engine)
    #expect(found["subjectTexts"] ?? 0 >= 12 && found["texts of subjects"] ?? 0 >= 1, "\(found)")
    // Names and addresses; what changes from row to row and words that many share follow nothing.
    let columns = try engine.snapshot().view.segments.filter { !$0.isHistory }.map {
      try $0.reader.subjectTexts()?.entries.map(\.id) ?? []
    }
    // A segment of few rows may not say enough of its addresses, or of one dataset only.
    #expect(columns.contains([6, 7]) && columns.allSatisfy { [6, 7].starts(with: $0) }, "\(columns)")
    #expect(try NamedRows.lines(engine) == expected)
    #expect(engine.verify().isEmpty)
    // Vectors, single texts, and all rows of a subject at once.
    try Self.compareWays(engine)
    // Further rows, and merging what was merged.
    try NamedRows.fill(engine, rows: 300, commits: 2, seed: seed + 1)
    try NamedRows.supersede(engine, 60..<90)
    let more = try NamedRows.lines(engine)
    try engine.compact()
    #expect(try NamedRows.lines(engine) == more)
    #expect(engine.verify().isEmpty)
    try Self.compareWays(engine)
    // As of the past the same rows, without what came since.
    #expect(try Self.rows(engine.snapshot(asOf: past)) == before)
    try engine.close()
    if try IndependentReader.isThere() { try IndependentReader.compare(path, more) }
  }

  /// What the rows of every fifth subject say that nothing has superseded as of a snapshot.
  private static func rows(_ snapshot: EngineSnapshot) throws -> [String] {
    var rows: [String] = []
    for number in stride(from: 0, to: NamedRows.subjects, by: 5) {
      for schema in NamedRows.schemas {
        for row in try snapshot.currentRows(of: NamedRows.key(number), schema: schema) {
          rows.append("\(schema.dataset.rawValue) \(number) \(row.system) \(row.payload)")
        }
      }
    }
    return rows.sorted()
  }

  /// The same texts, whichever way they are read.
  private static func compareWays(_ engine: SegmentEngine) throws {
    let snapshot = engine.snapshot()
    for schema in NamedRows.schemas {
      var byRow: [RowAddress: [UInt8]?] = [:]
      for number in 0..<NamedRows.subjects {
        let key = NamedRows.key(number)
        for row in try snapshot.currentRows(of: key, schema: schema) {
          let cells = try #require(row.payload.withUnsafeBytes { RowPayload.decode($0, schema) })
          #expect(cells[0] == cells[1], "the search column and its copy")
          if case .text(let text) = cells[0] {
            byRow[row.address] = text
          } else {
            byRow[row.address] = .some(nil)
          }
        }
        let places = try snapshot.places(of: key, includesHistory: false)
        try snapshot.visitCurrentRows(places, schema: schema) { (rows, _, reader) throws(StoreError) in
          var texts = [[UInt8]?](repeating: nil, count: rows.count)
          try reader.texts(0, rows, key: key) { place, text, _ in texts[place] = Array(text) }
          for (row, text) in zip(rows, texts) { #expect(byRow[reader.address(of: row)] == .some(text)) }
        } memory: { (_) throws(StoreError) in
          Issue.record("nothing is in memory after a merge")
        }
      }
      var scanned = 0
      try DatasetScan(snapshot, schema: schema).forEach { row in
        scanned += 1
        let text = try row.text(0).map { Array($0) }
        #expect(byRow[row.address] == .some(text))
      }
      #expect(scanned == byRow.count)
    }
  }

  /// Names of one dataset alone stay as they were: there is nobody to share them with.
  @Test func oneDatasetKeepsItsNames() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: NamedRows.options())
    _ = try engine.write { transaction in
      for number in 0..<400 {
        let name = RowPayload.Cell.text(NamedRows.name(number))
        try transaction.append(
          NamedRows.schema(30), key: NamedRows.key(number), batch: 1,
          payload: RowPayload.encode([name, name, .integer(1), .null, .null, .null]))
      }
    }
    try engine.compact()
    #expect(try Self.blocks(engine)["subjectTexts"] == 0)
    let header = try #require(engine.snapshot().view.segments.first?.reader.blocks.file).read(
      count: 64, at: 0)
    #expect(header[16] == 0, "older builds read it")
  }

  /// What is purged is in no segment afterwards, as a name of its subject neither.
  @Test func purgedNamesAreGone() throws {
    let folder = try TemporaryFolder()
    let engine = try NamedRows.make(at: folder.path("store"), seed: 5)
    let key = NamedRows.key(777)
    let name = "只有一家叫这个名字的公司"
    for dataset in [30, 31] as [UInt32] {
      _ = try engine.write { transaction in
        let cell = RowPayload.Cell.text(Array(name.utf8))
        try transaction.append(
          NamedRows.schema(dataset), key: key, batch: 9,
          payload: RowPayload.encode([cell, .null, .integer(9), .null, .null, .null]))
      }
    }
    try engine.compact()
    let before = try NamedRows.lines(engine)
    let result = try engine.purge { (snapshot) throws(StoreError) in
      var rows: [RowAddress] = []
      for schema in NamedRows.schemas {
        for row in try snapshot.rows(of: key, schema: schema) {
          rows.append(row.address)
        }
      }
      return PurgeSelection(
        rows: DroppedRows(rows), datasets: Set(NamedRows.schemas.map(\.dataset)))
    }
    #expect(result != nil)
    let after = try NamedRows.lines(engine)
    let hex = String(String(key, radix: 16))
    #expect(after == before.filter { !$0.contains(hex) } && after.count < before.count)
    #expect(engine.verify().isEmpty)
    var cursors = 0
    for segment in engine.snapshot().view.segments {
      guard let texts = try SubjectTextCursor(segment.reader, column: 6) else { continue }
      cursors += 1
      #expect(try texts.text(of: key) == nil)
      for fence in try segment.reader.subjectTree().fences {
        let leaf = try segment.reader.leaf(fence)
        for subject in 0..<leaf.subjectCount {
          let text = try texts.text(of: leaf.key(subject)).map { String(decoding: $0, as: UTF8.self) }
          #expect(text != name)
        }
      }
    }
    #expect(cursors > 0)
  }

  /// The story: a repair that found the leaves of the directory without their parent could not tell which text is whose, and gave up every row that follows one.
  @Test func aRepairWithoutFencesKeepsNames() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let engine = try NamedRows.make(at: path, rows: 600, seed: 8)
    let expected = try NamedRows.lines(engine)
    let reader = try #require(engine.snapshot().view.segments.first { !$0.isHistory }?.reader)
    let (name, place) = (reader.id.fileName, Int(reader.footer.subjectFences.offset) + 50)
    try engine.close()
    let target = URL(fileURLWithPath: path + "/" + name)
    var damaged = try Data(contentsOf: target)
    damaged[place] ^= 0x55
    try damaged.write(to: target)
    let report = try SegmentEngine.repair(
      path, into: folder.path("repaired"), backup: nil, options: NamedRows.options())
    #expect(report.losses.isEmpty && !report.faults.isEmpty)
    let repaired = try SegmentEngine(
      opening: folder.path("repaired"), mode: .readWrite(), options: NamedRows.options())
    #expect(try NamedRows.lines(repaired) == expected)
    try repaired.compact()
    #expect(try NamedRows.lines(repaired) == expected)
  }

  @Test(arguments: 1...3) func keysAreFoundFromAnywhere(_ seed: Int) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: UInt64(seed))
    let folder = try TemporaryFolder()
    let engine = try NamedRows.make(at: folder.path("store"), rows: 300, seed: UInt64(seed))
    let reader = try #require(engine.snapshot().view.segments.first { !$0.isHistory }?.reader)
    let keys = try reader.subjectKeys()
    #expect(keys.keys.count == Int(reader.footer.subjectCount))
    for _ in 0..<2000 {
      let key = NamedRows.key(Int.random(in: 0..<NamedRows.subjects + 5, using: &random))
      let near = Int.random(in: 0...keys.keys.count, using: &random)
      #expect(keys.place(of: key, near: near) == keys.keys.firstIndex(of: key))
    }
  }

  /// Every byte is covered: a flipped one is found, and reading around it never traps or lies.
  @Test func damageIsFoundAndNamed() throws {
    let seed: UInt64 = 31
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let engine = try NamedRows.make(at: folder.path("store"), rows: 600, seed: 6)
    let all = Set(try NamedRows.lines(engine))
    let reader = try #require(engine.snapshot().view.segments.first { !$0.isHistory }?.reader)
    let texts = try #require(reader.footer.subjectTexts)
    let column = try #require(try reader.subjectTexts()?.entries.first)
    // The parts that only texts of subjects have, and any other byte.
    let parts = [texts] + column.blocks.map(\.location) + column.dictionaryPages
    let name = reader.id.fileName
    try engine.close()
    let target = URL(fileURLWithPath: folder.path("store") + "/" + name)
    let sound = try Data(contentsOf: target)
    for round in 0..<60 {
      var damaged = sound
      var place = Int.random(in: SegmentFormat.headerSize..<sound.count, using: &random)
      if round % 2 == 0, let part = parts.randomElement(using: &random) {
        place = Int(part.offset) + Int.random(in: 0..<part.length, using: &random)
      }
      damaged[place] ^= UInt8.random(in: 1...255, using: &random)
      try damaged.write(to: target)
      guard
        let opened = try? SegmentEngine(
          opening: folder.path("store"), mode: .readOnly, options: NamedRows.options())
      else { continue }
      #expect(!opened.verify().isEmpty, "byte \(place)")
      for number in 100..<140 {
        do {
          let lines = try IndependentReader.lines(opened, [NamedRows.key(number)], NamedRows.schemas)
          #expect(all.isSuperset(of: lines))
        } catch {
          #expect((error as? StoreError)?.code == .damaged)
        }
      }
    }
  }
}
