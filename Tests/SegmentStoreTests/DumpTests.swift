// Goal: a dump shows every structure of a store and nothing of what people put into it; damage is shown where it is, and the rest goes on.
// Method: stores with every encoding, at every detail; the lines are searched for the texts and keys of the rows.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct DumpTests {
  private static func lines(_ path: String, _ detail: DumpDetail) throws -> [String] {
    let engine = try SegmentEngine(opening: path, mode: .readOnly, options: RepairTests.options())
    var lines: [String] = []
    try StoreDump(engine, detail: detail) { lines.append($0) }.run()
    return lines
  }

  @Test func everyStructureIsShownAndNoValue() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try RepairTests.make(path, seed: 81)
    var before = 0
    for detail in DumpDetail.allCases {
      let lines = try Self.lines(path, detail)
      #expect(lines.count > before, "more detail, more lines")
      before = lines.count
      #expect(lines.filter { $0.hasPrefix("segment ") }.count == 3)
      #expect(lines.contains { $0.hasPrefix("memory: ") && !$0.hasPrefix("memory: 0 ") })
    }
    let lines = try Self.lines(path, .blocks)
    // All that merges make: codes, phrases, maps, patches, columns relative to others.
    for word in ["phrases", "map ", "relative to column", "words", "+lz4", "at 0 of the bundle"] {
      #expect(lines.contains { $0.contains(word) }, "\(word)")
    }
    let engine = try SegmentEngine(opening: path, mode: .readOnly, options: RepairTests.options())
    let blocks = try engine.snapshot().view.segments.reduce(0) { sum, segment in
      try segment.reader.datasetChunks().filter { $0.place == nil }.reduce(sum) {
        try $0 + segment.reader.columns(of: $1).entries.reduce(0) { $0 + $1.blocks.count }
      }
    }
    #expect(lines.filter { $0.hasPrefix("      rows ") }.count == blocks)
    let shown = Array(lines.joined(separator: "\n").utf8)
    func isShown(_ text: [UInt8]) -> Bool {
      shown.withUnsafeBytes { shown in text.withUnsafeBytes { ByteSearch.contains(shown, $0) } }
    }
    for text in ["冀秦罚字", "销售", "机关", "备注"] { #expect(!isShown(Array(text.utf8)), "\(text)") }
    // Keys that are no short numbers.
    let keys = (0..<400).map { RichRows.text(of: RichRows.key($0)) }.filter { key in
      key.count > 4 && key.contains { $0 > 0x39 }
    }
    #expect(keys.count > 100 && !keys.contains(where: isShown), "a key is shown")
  }

  @Test func damageIsShownAndTheRestGoesOn() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    _ = try RepairTests.make(path, seed: 82)
    let engine = try SegmentEngine(opening: path, mode: .readOnly, options: RepairTests.options())
    let view = try #require(engine.snapshot().view.segments.first)
    let chunk = try #require(try view.reader.chunk(of: RichRows.schema.dataset))
    try engine.close()
    let sound = try Self.lines(path, .columns)
    let target = URL(fileURLWithPath: path + "/" + view.reader.id.fileName)
    var bytes = try Data(contentsOf: target)
    bytes[Int(chunk.columns.offset) + 40] ^= 1
    try bytes.write(to: target)
    let lines = try Self.lines(path, .columns)
    #expect(lines.filter { $0.contains("fault: ") }.count == 1)
    #expect(lines.filter { $0.hasPrefix("segment ") } == sound.filter { $0.hasPrefix("segment ") })
    #expect(lines.filter { $0.hasPrefix("  dataset ") } == sound.filter { $0.hasPrefix("  dataset ") })
  }
}
