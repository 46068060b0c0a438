// Goal: no version of an entry makes values vanish, or one row two records, without somebody saying so.
// Method: versions that change type, scale and subject beside the records there are.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct LeftValuesTests {
  private static func version(_ number: Int, _ body: (inout CatalogueEntry) -> Void) -> CatalogueEntry {
    var entry = StoreFixture.entry
    entry.version = number
    body(&entry)
    return entry
  }

  private func code(_ body: () throws -> Void) -> String? {
    #expect(throws: CreditError.self) { try body() }?.code
  }

  @Test(arguments: [false, true]) func anotherTypeIsRefusedWhereRecordsHaveValues(isCompacted: Bool)
    async throws
  {
    let store = try StoreFixture()
    let catalogue = store.database.catalogue
    // Nobody has a value yet.
    #expect(try catalogue.publish(Self.version(2) { $0.items[3].scale = 4 }))
    try store.collect([
      "\(StoreFixture.codes[0]),1,2024-01-01,1.5,甲", "\(StoreFixture.codes[1]),2,2024-01-01,,乙",
    ])
    if isCompacted { _ = try await store.database.compact() }
    let file = "\(StoreFixture.codes[0]),1,2024-01-01,1.5,甲"
    for change in [
      { $0.items[3].scale = 6 }, { $0.items[3].type = .text }, { $0.items[2].type = .timestamp },
      {
        $0.items[4].type = .integer; $0.items[4].length = nil; $0.subjectName = nil
      },
    ] as [(inout CatalogueEntry) -> Void] {
      let next = Self.version(3, change)
      #expect(code { try catalogue.publish(next) } == "typeChanged")
      #expect(try catalogue.check(next).findings.contains { $0.problem == .typeChanged && $0.records > 0 })
      try catalogue.submit(next, by: "甲")
      #expect(code { try catalogue.approve("T1", by: "乙") } == "typeChanged")
    }
    #expect(try store.collect([file]).duplicate == 1)
    // Whoever says so leaves the values behind, and brings them back with the files.
    #expect(try catalogue.publish(Self.version(3) { $0.items[3].scale = 6 }, leavesValues: true))
    #expect(try store.records(StoreFixture.codes[0]).first?["AMOUNT"] == nil)
    #expect(try store.collect([file]).updated == 1)
    #expect(try store.records(StoreFixture.codes[0]).first?["AMOUNT"]?.canonicalText == "1.5")
    #expect(code { try catalogue.rollBack("T1", to: 2) } == "typeChanged")
    #expect(try catalogue.rollBack("T1", to: 2, leavesValues: true).items[3].scale == 4)
  }

  @Test func anotherSubjectIsRefused() throws {
    let store = try StoreFixture()
    let catalogue = store.database.catalogue
    let other = Self.version(2) { $0.subject = ["TEXT"] }
    #expect(try catalogue.check(other).obstacle == nil)
    try store.collect(["\(StoreFixture.codes[0]),1,2024-01-01,1,甲"])
    #expect(try catalogue.check(other).obstacle?.contains("CODE") == true)
    #expect(code { try catalogue.publish(other, leavesValues: true) } == "subjectChanged")
    #expect(
      code { try catalogue.publish(Self.version(2) { $0.subject = ["TEXT", "CODE"] }) } == "subjectChanged")
    // Another item behind the first changes nothing for the records there are.
    #expect(try catalogue.publish(Self.version(2) { $0.subject = ["CODE", "TEXT"] }))
  }

  /// What the check says of an item that becomes an identifier, or is new and required.
  @Test func theCheckLooksAtIdentifiersAndNewItems() throws {
    let store = try StoreFixture()
    try store.collect([
      "\(StoreFixture.codes[0]),1,2024-01-01,1,甲", "130302199001010016,2,2024-01-01,1,乙",
    ])
    let next = Self.version(2) {
      $0.items[0].identifier = .unifiedSocialCreditCode
      $0.items.append(CatalogueItem(id: "NEW", required: true))
    }
    let findings = try store.database.catalogue.check(next).findings
    #expect(findings.map(\.item) == ["CODE", "NEW"] && findings.map(\.records) == [1, 2])
    #expect(findings.map(\.problem) == [.notAnIdentifier, .missing])
  }
}
