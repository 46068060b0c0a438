// Goal: a record becomes a type of the caller's own without a value being rounded, cut or guessed; what does not fit is refused with the item's name.
// Method: a record with an item of every type, read into types that fit and types that do not.

import CreditModel
import CreditStore
import Foundation
import Testing

@Suite struct RecordDecodingTests {
  private static let entry = CatalogueEntry(
    code: "D1", name: "解码", subject: ["CODE"], recordKey: ["NO"],
    items: [
      CatalogueItem(id: "CODE", name: "代码", identifier: .any), CatalogueItem(id: "NO", name: "文号"),
      CatalogueItem(id: "COUNT", name: "数量", type: .integer),
      CatalogueItem(id: "AMOUNT", name: "金额", type: .decimal, scale: 2),
      CatalogueItem(id: "DAY", name: "日期", type: .date),
      CatalogueItem(id: "MONTH", name: "所属期", type: .month),
      CatalogueItem(id: "TIME", name: "时间", type: .timestamp),
      CatalogueItem(id: "FLAG", name: "有效", type: .boolean),
      CatalogueItem(id: "KIND", name: "类别", type: .code, length: 20), CatalogueItem(id: "REST", name: "备注"),
    ])

  private static func record() throws -> (fixture: StoreFixture, record: CreditRecord) {
    let fixture = try StoreFixture([entry])
    try fixture.collect(
      ["\(StoreFixture.codes[0]),第1号,300,12345678901234.56,2021-01-31,2021-02,2021-01-31 08:00:00,true,罚款,"],
      entry: "D1", header: "CODE,NO,COUNT,AMOUNT,DAY,MONTH,TIME,FLAG,KIND,REST")
    return (fixture, try #require(fixture.records(StoreFixture.codes[0]).first))
  }

  @Test func textsAreReadWhereTheyLieAndValuesAreTheSame() async throws {
    let (fixture, first) = try Self.record()
    try fixture.collect(
      ["\(StoreFixture.codes[0]),第2号,,,,,,,é,e\u{301}罚", "\(StoreFixture.codes[0]),第3号,7,,,,,,,"],
      entry: "D1", header: "CODE,NO,COUNT,AMOUNT,DAY,MONTH,TIME,FLAG,KIND,REST")
    func check(_ records: [CreditRecord]) {
      for record in records {
        for position in record.values.indices {
          let bytes = record.values.withUTF8(position) { span in span.indices.map { span[$0] } }
          if case .text(let text)? = record.values[position] {
            #expect(bytes == Array(text.utf8))
          } else {
            #expect(bytes == nil, "item \(position)")
          }
        }
      }
    }
    let inMemory = try fixture.records(StoreFixture.codes[0])
    #expect(inMemory.count == 3 && inMemory[0].values[1] == first.values[1])
    check(inMemory)
    _ = try await fixture.database.compact()
    let merged = try fixture.records(StoreFixture.codes[0])
    check(merged)
    #expect(merged.map { Array($0.values) } == inMemory.map { Array($0.values) })
    #expect(merged[1].values[9] == .text("e\u{301}罚") && merged[2].values[9] == nil)
  }

  private enum Kind: String, Codable {
    case fine = "罚款"
    case warning = "警告"
  }

  private struct Whole: Codable, Equatable {
    enum CodingKeys: String, CodingKey {
      case number = "NO"
      case count = "COUNT"
      case amount = "金额"
      case day = "DAY"
      case month = "MONTH"
      case time = "TIME"
      case flag = "FLAG"
      case kind = "KIND"
      case rest = "REST"
    }
    var number: String
    var count: Int16
    var amount: FixedDecimal
    var day: Day
    var month: Month
    var time: Second
    var flag: Bool
    var kind: Kind
    var rest: String?
  }

  @Test func everyTypeFindsItsValue() throws {
    let (fixture, record) = try Self.record()
    defer { _ = fixture }
    let whole = try record.decode(Whole.self)
    #expect(whole.number == "第1号" && whole.count == 300 && whole.amount.units == 1_234_567_890_123_456)
    #expect(whole.day == Day("2021-01-31") && whole.month == Month("2021-02"))
    #expect(
      whole.time == Second("2021-01-31T08:00:00") && whole.flag && whole.kind == .fine && whole.rest == nil)
    // Written and read again by somebody else's format, it is the same.
    let json = try JSONEncoder().encode(whole)
    #expect(try JSONDecoder().decode(Whole.self, from: json) == whole)
    #expect(String(decoding: json, as: UTF8.self).contains("\"12345678901234.56\""))
    // The contract writes no zeros at the end: the number is the same, with fewer places.
    let short = try JSONEncoder().encode([
      FixedDecimal(units: 200_000, scale: 6), FixedDecimal(units: -7, scale: 0),
    ])
    #expect(String(decoding: short, as: UTF8.self) == "[\"0.2\",\"-7\"]")
    let read = try JSONDecoder().decode([FixedDecimal].self, from: short)
    #expect(read == [FixedDecimal(units: 2, scale: 1), FixedDecimal(units: -7, scale: 0)])
    for wrong in ["1e5", "", "1.2.3", "0.1234567890123456789"] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode([FixedDecimal].self, from: Data("[\"\(wrong)\"]".utf8))
      }
    }
    // Any value as its text, and all of them by id.
    let texts = try record.decode([String: String].self)
    #expect(texts["AMOUNT"] == "12345678901234.56" && texts["DAY"] == "2021-01-31" && texts["REST"] == nil)
    #expect(texts.count == 9)
  }

  /// The item that is asked for.
  private enum Wanted {
    @TaskLocal static var item = ""
  }

  private struct One<Result: Decodable>: Decodable {
    var value: Result
    private struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
    init(from decoder: any Decoder) throws {
      value = try decoder.container(keyedBy: Key.self).decode(
        Result.self, forKey: Key(stringValue: Wanted.item))
    }
  }

  /// The error of reading an item as a type, as kind and item.
  private static func refusal<Result: Decodable>(_ record: CreditRecord, _ item: String, as type: Result.Type)
    -> String
  {
    do {
      _ = try Wanted.$item.withValue(item) { try record.decode(One<Result>.self) }
      return "none"
    } catch DecodingError.typeMismatch(_, let context) {
      return "type \(context.codingPath.map(\.stringValue).joined())"
    } catch DecodingError.valueNotFound(_, let context) {
      return "value \(context.codingPath.map(\.stringValue).joined())"
    } catch DecodingError.keyNotFound(let key, _) {
      return "key \(key.stringValue)"
    } catch DecodingError.dataCorrupted(let context) {
      return "data \(context.codingPath.map(\.stringValue).joined())"
    } catch { return "\(error)" }
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let (fixture, record) = try Self.record()
    defer { _ = fixture }
    #expect(Self.refusal(record, "COUNT", as: Int8.self) == "type COUNT", "300 is more than a byte holds")
    #expect(Self.refusal(record, "COUNT", as: UInt64.self) == "none")
    #expect(Self.refusal(record, "COUNT", as: Double.self) == "none")
    #expect(Self.refusal(record, "AMOUNT", as: Double.self) == "none")
    #expect(Self.refusal(record, "AMOUNT", as: Int.self) == "type AMOUNT")
    #expect(Self.refusal(record, "DAY", as: Second.self) == "type DAY")
    #expect(Self.refusal(record, "DAY", as: Month.self) == "type DAY")
    #expect(Self.refusal(record, "DAY", as: Bool.self) == "type DAY")
    #expect(Self.refusal(record, "NO", as: Day.self) == "data NO")
    #expect(Self.refusal(record, "NO", as: [String].self) == "type NO")
    #expect(Self.refusal(record, "NO", as: Kind.self) == "data NO", "no such case")
    #expect(Self.refusal(record, "REST", as: String.self) == "value REST")
    #expect(Self.refusal(record, "REST", as: String?.self) == "none")
    #expect(Self.refusal(record, "NONE", as: String.self) == "key NONE")
    #expect(throws: DecodingError.self) { try record.decode([String].self) }
    #expect(throws: DecodingError.self) { try record.decode(String.self) }
  }

  private struct Number<Value: Decodable>: Decodable {
    var value: Value
    private enum CodingKeys: String, CodingKey { case value = "COUNT" }
  }

  private struct Amount<Value: Decodable>: Decodable {
    var value: Value
    private enum CodingKeys: String, CodingKey { case value = "AMOUNT" }
  }

  /// Goal: an integer becomes any type that holds it, and is refused by one that does not.
  @Test func everyWidthOfInteger() throws {
    let (fixture, record) = try Self.record()
    #expect(try record.decode(Number<Int>.self).value == 300)
    #expect(try record.decode(Number<Int32>.self).value == 300)
    #expect(try record.decode(Number<Int64>.self).value == 300)
    #expect(try record.decode(Number<UInt>.self).value == 300)
    #expect(try record.decode(Number<UInt16>.self).value == 300)
    #expect(try record.decode(Number<UInt32>.self).value == 300)
    #expect(try record.decode(Number<UInt64>.self).value == 300)
    #expect(throws: DecodingError.self) { try record.decode(Number<Int8>.self) }
    #expect(throws: DecodingError.self) { try record.decode(Number<UInt8>.self) }
    // A binary fraction is the nearest there is.
    #expect(try record.decode(Amount<Double>.self).value == 12_345_678_901_234.56)
    #expect(try record.decode(Amount<Float>.self).value == Float(12_345_678_901_234.56))
    #expect(throws: DecodingError.self) { try record.decode(Amount<Int>.self) }
    withExtendedLifetime(fixture) {}
  }

  private struct Inside: Decodable {
    enum Outer: String, CodingKey { case count = "COUNT" }
    init(from decoder: any Decoder) throws {
      _ = try decoder.container(keyedBy: Outer.self).nestedContainer(keyedBy: Outer.self, forKey: .count)
    }
  }

  /// Goal: an item is one value; a type that looks for more inside it is told so, with the item.
  @Test func nothingStandsInsideAnItem() throws {
    let (fixture, record) = try Self.record()
    let error = #expect(throws: DecodingError.self) { try record.decode(Inside.self) }
    guard case .typeMismatch(_, let context)? = error else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    #expect(context.codingPath.map(\.stringValue) == ["COUNT"])
    #expect(throws: DecodingError.self) { try record.decode([String].self) }
    withExtendedLifetime(fixture) {}
  }
}
