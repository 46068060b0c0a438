// Goal: what is told of a subject is what its records say: names with the days they were seen, former names apart, the state of the registration.
// Method: records of two identifiers of one body, renamed, corrected and withdrawn, beside days written down by hand.

import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct SubjectProfileTests {
  private static let code = StoreFixture.codes[0]
  private static let subject = Identifier(code, as: .unifiedSocialCreditCode)

  private static func entry(_ code: String, category: String) -> CatalogueEntry {
    var entry = StoreFixture.entry
    entry.code = code
    entry.category = category
    entry.subjectName = "TEXT"
    entry.items.append(CatalogueItem(id: "STATE", name: "登记状态", type: .code))
    entry.invalidIdentifier = .warn
    if category == "registration" { entry.subjectState = "STATE" }
    return entry
  }

  private static func day(_ text: String) throws -> Day { try #require(Day(text)) }

  @Test func namesHaveTheirDays() throws {
    let store = try StoreFixture([
      Self.entry("REG", category: "registration"), Self.entry("ACT", category: "administrative"),
    ])
    let header = "CODE,NO,DAY,AMOUNT,TEXT,STATE"
    try store.collect(
      ["\(Self.code),1,2015-03-01,1,旧名有限公司,存续", "\(Self.code),2,2019-05-01,1,新名有限公司,存续"], entry: "REG",
      header: header)
    try store.collect(
      [
        "\(Self.code),1,2016-07-01,1,旧名有限公司,", "\(Self.code),2,2021-01-01,1,新名 有限公司,",
        "\(Self.code),3,2022-01-01,1,别人的名,", "\(Self.code),4,2020-01-01,1,旧名有限公司,",
      ], entry: "ACT", header: header)
    // Somebody else's record under this code, withdrawn; and a name that a correction took out.
    _ = try store.database.withdraw("ACT", subject: Self.subject, key: "3", reason: "张冠李戴")
    _ = try store.database.correct(
      "REG", subject: Self.subject, key: "2", reason: "变更登记", changes: ["STATE": .text("注销")])
    let profile = try store.database.snapshot().profile(of: Self.subject)
    #expect(profile.kind == .legalPerson && profile.division == 130_302)
    #expect(profile.names.map(\.name) == ["新名有限公司", "新名 有限公司", "旧名有限公司"])
    #expect(profile.names.map(\.isFormer) == [false, false, true], "blanks make no other name")
    let former = try #require(profile.names.last)
    #expect(try former.first == Self.day("2015-03-01") && former.last == Self.day("2020-01-01"))
    #expect(former.entries == ["ACT", "REG"])
    #expect(profile.states.map(\.state) == ["注销", "存续"])
    #expect(profile.records == ["REG": 2, "ACT": 3])
    // As of then: the name of then, the state of then.
    let then = try store.database.snapshot(asOf: 4).profile(of: Self.subject)
    #expect(then.states.map(\.state) == ["存续", "存续"] && then.names.contains { $0.name == "别人的名" })
  }

  @Test func linkedIdentifiersAreOneSubject() throws {
    let store = try StoreFixture([Self.entry("REG", category: "registration")])
    let other = Identifier("130302000012345", as: .businessRegistrationNumber)
    try store.collect(
      ["\(Self.code),1,2019-05-01,1,今名,存续", "\(other.text),1,2010-01-01,1,原名,存续"], entry: "REG",
      header: "CODE,NO,DAY,AMOUNT,TEXT,STATE")
    #expect(try store.database.snapshot().profile(of: Self.subject).names.map(\.name) == ["今名"])
    try store.database.link(Self.subject, other, evidence: .registrationChange, by: "登记机关")
    let profile = try store.database.snapshot().profile(of: Self.subject)
    #expect(profile.identifiers == [Self.subject, other])
    #expect(profile.names.map(\.name) == ["今名", "原名"] && profile.names[1].isFormer)
    #expect(profile.records == ["REG": 2])
    #expect(try store.database.snapshot().profile(of: other).names.map(\.name) == ["今名", "原名"])
    let unknown = Identifier("91130303MA0000044X", as: .unifiedSocialCreditCode)
    let nobody = try store.database.snapshot().profile(of: unknown)
    #expect(nobody.names.isEmpty && nobody.records.isEmpty && nobody.kind == .legalPerson)
  }
}
