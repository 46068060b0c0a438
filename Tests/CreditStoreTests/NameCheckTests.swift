// Goal: a row whose name no register gives its subject is counted as V16, by its number, and taken in; no other row is, whatever way the batch is loaded.
// Method: names in groups that are known to be one name written differently; the expected rows follow from the groups, not from the code that compares.

@testable import CreditStore
import CreditModel
import Foundation
import TestSupport
import Testing

@Suite struct NameCheckTests {
  private static func entries(_ identifier: IdentifierRequirement) -> [CatalogueEntry] {
    let code = CatalogueItem(id: "CODE", identifier: identifier)
    let name = CatalogueItem(id: "NAME", length: 100)
    return [
      CatalogueEntry(
        code: "REG", name: "登记", category: "registration", subject: ["CODE"], subjectName: "NAME",
        recordKey: ["NAME"], items: [code, name]),
      CatalogueEntry(
        code: "T", name: "处罚", subject: ["CODE"], subjectName: "NAME", recordKey: ["NO"],
        items: [code, CatalogueItem(id: "NO"), name]),
    ]
  }

  private static func options(_ registers: [String] = ["REG"]) -> CollectionOptions {
    var options = CollectionOptions(today: CreditDatabase.today())
    options.nameRegisters = registers
    return options
  }

  private static func names(_ receipt: Receipt) -> RowWarning? {
    receipt.warningRules?.first { $0.rule == NameCheck.rule }
  }

  @Test func anotherNameIsCounted() throws {
    let fixture = try StoreFixture(Self.entries(.any))
    let database = fixture.database
    let (first, second, third) = (StoreFixture.codes[0], StoreFixture.codes[1], StoreFixture.codes[2])
    let rows = [
      "\(first),1,秦皇岛甲（集团）有限公司", "\(first),2,秦皇岛乙有限公司", "\(second),3,秦皇岛丙厂", "\(first),4,秦皇岛甲(集团) 有限责任公司",
      "\(first),5,", "\(third),6,秦皇岛戊", "\(first),7,秦皇岛甲",
    ]
    func collect(_ rows: [String], _ options: CollectionOptions = Self.options()) throws -> Receipt {
      try fixture.collect(rows, entry: "T", header: "CODE,NO,NAME", options: options)
    }
    // Nobody is registered yet: there is nothing to compare with.
    #expect(Self.names(try collect(["\(first),0,甲"])) == nil)
    let registered = try fixture.collect(
      ["\(first),秦皇岛甲(集团)有限公司", "\(second),秦皇岛丁厂", "\(second),秦皇岛丙厂"], entry: "REG", header: "CODE,NAME",
      options: Self.options())
    #expect(registered.loaded == 3 && Self.names(registered) == nil)
    let receipt = try collect(rows)
    #expect(receipt.loaded == 7 && receipt.warnings == 0)
    #expect(Self.names(receipt) == RowWarning(rule: "V16", rows: 2, firstRows: [2, 7]))
    // A former name that was right once stays one; one that was withdrawn as wrong does not.
    _ = try database.withdraw(
      "REG", subject: Identifier(second, as: .unifiedSocialCreditCode), key: "秦皇岛丙厂", reason: "not theirs")
    #expect(Self.names(try collect(["\(second),8,秦皇岛丙厂", "\(second),9,秦皇岛丁厂"]))?.firstRows == [1])
    // Rows that change nothing are not looked at; other registers, none, or one that is not published.
    #expect(Self.names(try collect(rows)) == nil)
    for (number, registers) in [[], ["NONE"], ["T"]].enumerated() {
      #expect(Self.names(try collect(["\(first),x\(number),乙"], Self.options(registers))) == nil)
    }
    try database.close()
  }

  @Test("batches of every size, from the journal and from segments", arguments: [300, 6000, 20_000])
  func everySize(count: Int) throws {
    let fixture = try StoreFixture(Self.entries(.document))
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    func spelling(_ group: Int) -> String {
      let core = "秦皇岛\(group)"
      return ["\(core)有限公司", "\(core)有限责任公司", "\(core) 有限公司", "\(core)股份有限公司"].randomElement(using: &random)
        ?? core
    }
    // Documents are of any form.
    let subjects = (0..<max(50, count / 20)).map { "DOC-\($0)-X" }
    var groups: [String: Set<Int>] = [:]
    var registrations: [String] = []
    for subject in subjects where Bool.random(using: &random) {
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let group = Int.random(in: 0..<6, using: &random)
        groups[subject, default: []].insert(group)
        registrations.append("\(subject),\(spelling(group))")
      }
    }
    try fixture.collect(registrations, entry: "REG", header: "CODE,NAME", options: Self.options())
    var expected: [Int] = []
    let rows = (1...count).map { number -> String in
      let subject = subjects.randomElement(using: &random) ?? ""
      let group = Int.random(in: 0..<6, using: &random)
      if let known = groups[subject], !known.contains(group) { expected.append(number) }
      return "\(subject),\(number),\(spelling(group))"
    }
    let receipt = try fixture.collect(rows, entry: "T", header: "CODE,NO,NAME", options: Self.options())
    #expect(receipt.loaded == count && !expected.isEmpty)
    #expect(
      Self.names(receipt)
        == RowWarning(
          rule: "V16", rows: expected.count, firstRows: Array(expected.prefix(RowWarning.maximumRows))))
    #expect(try fixture.database.verify().faults.isEmpty)
    try fixture.database.close()
  }
}
