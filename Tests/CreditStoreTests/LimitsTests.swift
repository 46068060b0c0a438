// Goal: every limit of docs/limits.md that a test can reach in seconds is where the page says: what lies on it works, what lies behind it gets the
// error that is named there and loses nothing. Not reached here: those that take gigabytes (a journal commit of 256 MiB, 256 MiB of one subject,
// a state of 4 GiB, 2^32 rows) or are counts of open files.

import CreditModel
@testable import CreditStore
import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct LimitsTests {
  private static func code(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch let error as CreditError {
      return error.code
    } catch is CatalogueError {
      return "invalidCatalogue"
    } catch let error as StoreError {
      return error.code.rawValue
    } catch {
      return "\(error)"
    }
  }

  private static func entry(items: Int) -> CatalogueEntry {
    CatalogueEntry(
      code: "WIDE", name: "宽", subject: ["C0"], recordKey: ["C1"],
      items: (0..<items).map { CatalogueItem(id: "C\($0)", name: "列\($0)", identifier: $0 == 0 ? .any : nil) }
    )
  }

  @Test func itemsOfAnEntryAndColumnsOfAFile() throws {
    let fixture = try StoreFixture([Self.entry(items: 4096)])
    #expect(Self.code { try Self.entry(items: 4097).validate() } == "invalidCatalogue")
    func file(_ columns: Int) -> String {
      let header = (0..<columns).map { "C\($0)" }.joined(separator: ",")
      let row = (0..<columns).map { $0 == 0 ? StoreFixture.codes[0] : "v\($0)" }.joined(separator: ",")
      return header + "\n" + row + "\n"
    }
    #expect(try fixture.collect(text: file(4096), entry: "WIDE").loaded == 1)
    let record = try #require(try fixture.records(StoreFixture.codes[0]).first)
    #expect(record["C4095"] == .text("v4095"))
    #expect(Self.code { try fixture.collect(text: file(4097), entry: "WIDE") } == "wrongHeader")
    // Merged, with a column directory of four thousand columns, it reads the same.
    try fixture.database.engine.compact()
    #expect(try fixture.records(StoreFixture.codes[0]).first?["C4095"] == .text("v4095"))
  }

  @Test func identifiersOf256Bytes() throws {
    var entry = StoreFixture.entry
    entry.items[0].identifier = .document
    let fixture = try StoreFixture([entry])
    let (longest, longer) = (
      String(repeating: "甲", count: 85) + "1", String(repeating: "甲", count: 85) + "12"
    )
    #expect(longest.utf8.count == 256)
    let receipt = try fixture.collect(["\(longest),a,,1,x", "\(longer),b,,1,y"])
    #expect(receipt.loaded == 1 && receipt.questionable == 1)
    #expect(try fixture.rules(ofBatch: receipt.batch) == ["2 questionable R-SUBJECT"])
    #expect(try fixture.records(longest).count == 1)
  }

  @Test func valuesAndRecordsOf16MiB() throws {
    var entry = StoreFixture.entry
    entry.code = "T9"
    entry.items[4].length = nil
    let fixture = try StoreFixture([entry], memoryBudgetBytes: 256 << 20)
    let head = "\(StoreFixture.codes[0]),a,,1,"
    // A record of 16 MiB with its value, and one a byte longer.
    let rest = (16 << 20) - head.utf8.count - 1
    let receipt = try fixture.collect(
      [head + String(repeating: "x", count: rest), head + String(repeating: "x", count: rest + 2)],
      entry: "T9")
    #expect(receipt.loaded == 1 && receipt.questionable == 1)
    #expect(try fixture.rules(ofBatch: receipt.batch) == ["2 questionable R-SIZE"])
    guard case .text(let text)? = try fixture.records(StoreFixture.codes[0]).first?["TEXT"] else {
      Issue.record("the value is not there")
      return
    }
    #expect(text.utf8.count == rest)
  }

  @Test func aQuoteOpenForAMebibyte() throws {
    let fixture = try StoreFixture()
    let start = "CODE,NO,DAY,AMOUNT,TEXT\n\(StoreFixture.codes[0]),a,,1,x\n\(StoreFixture.codes[0]),b,,1,\""
    let short = try fixture.collect(text: start + String(repeating: "y", count: 1 << 19))
    #expect(short.loaded == 1 && short.questionable == 1)
    #expect(
      Self.code { try fixture.collect(text: start + String(repeating: "y", count: (1 << 20) + 1)) }
        == "unterminatedQuote")
  }

  @Test func jsonOf32Levels() {
    func nested(_ levels: Int) -> Data {
      Data((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8)
    }
    func message(_ levels: Int) -> String {
      do {
        _ = try CatalogueEntry.decode(json: nested(levels))
        return "taken"
      } catch { return "\(error)" }
    }
    // Neither is a catalogue; only one is too deep to be looked at.
    #expect(!message(32).contains("deep") && message(33).contains("deep"), "\(message(32)) / \(message(33))")
  }

  @Test func filtersOf200LevelsAndAMebibyte() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "(", count: levels) + "AMOUNT > 1" + String(repeating: ")", count: levels)
    }
    #expect(Self.code { _ = try Filter(parsing: nested(199)) } == nil)
    #expect(Self.code { _ = try Filter(parsing: nested(201)) } == "invalidFilter")
    let filter = "AMOUNT > 1"
    let padded = filter + String(repeating: " ", count: (1 << 20) - filter.utf8.count)
    #expect(Self.code { _ = try Filter(parsing: padded) } == nil)
    #expect(Self.code { _ = try Filter(parsing: padded + " ") } == "invalidFilter")
  }

  /// A column with more different texts than rows can name by code keeps its texts; the values are the same.
  @Test func moreDifferentTextsThanCodes() throws {
    let fixture = try StoreFixture(memoryBudgetBytes: 512 << 20)
    let texts = (0..<70_000).map { "文\($0)" }
    // The last ones again, so that some are known and some are not.
    let rows = (texts + texts.suffix(2000)).enumerated().map { index, text in
      "\(StoreFixture.codes[index % 3]),号\(index),2021-01-01,1,\(text)"
    }
    let receipt = try fixture.collect(rows)
    #expect(receipt.loaded == 72_000)
    for isMerged in [false, true] {
      if isMerged { try fixture.database.engine.compact() }
      let result = try fixture.database.snapshot().aggregate(
        AggregateQuery(entries: ["T1"], measures: [.count, .init(function: .distinct, item: "TEXT")]))
      #expect(result.rows.first.map { Array($0.measures) } == [.integer(72_000), .integer(70_000)])
      let last = try fixture.database.snapshot().aggregate(
        AggregateQuery(entries: ["T1"], filter: try Filter(parsing: "TEXT = '文69999'"), measures: [.count]))
      #expect(last.rows.first.map { Array($0.measures) } == [.integer(2)])
    }
  }

  @Test func numbersOfDatasetsAndColumns() {
    func schema(_ dataset: UInt32, columns: Int) -> DatasetSchema {
      DatasetSchema(
        dataset: DatasetID(rawValue: dataset), version: 1,
        columns: (0..<columns).map { ColumnSchema(id: 16 + UInt32($0), type: .integer) })
    }
    #expect(Self.code { try schema(1 << 24 - 1, columns: 4096).validate() } == nil)
    #expect(Self.code { try schema(1 << 24, columns: 1).validate() } == "limit")
    #expect(Self.code { try schema(1, columns: 4097).validate() } == "limit")
  }
}
