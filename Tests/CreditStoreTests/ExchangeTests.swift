// Goal: packages hold what changed and nothing that may not go, they stay what they are, and receipts say what became of each change.
// Method: stores whose changes are known one by one; packages read again after merges, purges and new versions of the entry.

import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct ExchangeTests {
  @Test func changesArriveAndReceiptsComeBack() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    try city.collect([
      ExchangeFixture.row(0, "1", "甲"), ExchangeFixture.row(0, "2", "乙"), ExchangeFixture.row(1, "3", "丙"),
    ])
    try city.collect([ExchangeFixture.row(2, "", "无号")], entry: "T0")
    let packages = try city.database.pack("up")
    #expect(packages.map(\.entry) == ["T1", "T0"] && packages.map(\.puts) == [3, 1])
    #expect(packages.map(\.state) == [.packed, .packed])
    #expect(try city.database.pack("up").isEmpty, "nothing came since")
    let folder = try ExchangeFixture.outbox(city)
    for package in packages {
      let manifest = try city.database.snapshot().write(package, to: folder)
      #expect(manifest.files.map(\.sha256) == [package.sha256])
    }
    let second = folder + ExchangeFixture.file(packages[1], ".json")
    await #expect(throws: CreditError.self, "the first did not come yet") {
      _ = try await province.database.receive(manifest: second)
    }
    for package in packages {
      let received = try await province.database.receive(
        manifest: folder + ExchangeFixture.file(package, ".json"))
      #expect(received.loaded == package.puts && received.receipt.lines.isEmpty)
      let again = try await province.database.receive(
        manifest: folder + ExchangeFixture.file(package, ".json"))
      #expect(again == received, "taken in again, it gives the same receipt and changes nothing")
      #expect(try city.database.note(received.receipt).state == .accepted)
    }
    #expect(try ExchangeFixture.shown(province) == ExchangeFixture.shown(city))
    let record = try #require(try city.records(StoreFixture.codes[0]).first)
    let status = try #require(try city.database.snapshot().exchangeStatuses(of: record).first)
    #expect(status.state == .accepted && status.package == 1 && status.attempts == 1)
    try city.collect([ExchangeFixture.row(0, "1", "改")])
    let newer = try #require(try city.records(StoreFixture.codes[0]).first { $0.key == "1" })
    #expect(try city.database.snapshot().exchangeStatuses(of: newer).first?.state == .waiting)
  }

  @Test func aPackageStaysWhatItIs() async throws {
    let city = try ExchangeFixture.sender()
    try city.collect((0..<50).map { ExchangeFixture.row($0 % 3, "\($0)", "第一") })
    let package = try #require(try city.database.pack("up").first)
    let folder = try ExchangeFixture.outbox(city)
    let before = try city.database.snapshot().write(package, to: folder)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + ExchangeFixture.file(package, ".jsonl")))
    // Changes, merges, another form of the route, a new version of the entry: nothing of it touches a package that was put together.
    try city.collect((0..<50).map { ExchangeFixture.row($0 % 3, "\($0)", "第二") })
    _ = try await city.database.compact()
    var route = ExchangeFixture.route
    route.form = .csv
    try city.database.publish([route])
    var entry = StoreFixture.entry
    entry.version = 2
    entry.items.append(CatalogueItem(id: "MORE", name: "更多"))
    try city.database.catalogue.publish([entry])
    #expect(try city.database.snapshot().write(package, to: folder) == before)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: folder + ExchangeFixture.file(package, ".jsonl"))) == bytes)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).count == 2, "no parts are left behind")
    // What was purged is gone from it, and nobody is told that it is whole.
    _ = try await city.database.purge(.subject(StoreFixture.codes[0]), reason: "test")
    do {
      try city.database.snapshot().write(package, to: folder)
      Issue.record("a package that lost records was written")
    } catch { #expect((error as? CreditError)?.code == "packageChanged") }
    // Its receipt, which names what is gone, is noted all the same.
    let gone = ExchangeReceipt.Line(id: String(repeating: "0", count: 32), state: .rejected)
    #expect(
      try city.database.note(ExchangeReceipt(route: "up", package: 1, others: .accepted, lines: [gone]))
        .rejected == 1)
  }

  @Test func refusedChangesGoAgainUnlessSomethingNewerCame() async throws {
    let city = try ExchangeFixture.sender()
    try city.collect((0..<4).map { ExchangeFixture.row(0, "\($0)", "x") })
    let package = try #require(try city.database.pack("up").first)
    var ids: [String: String] = [:]
    try city.database.snapshot().messages(of: package) { ids[$0.key] = $0.id }
    #expect(ids.count == 4)
    let refused = try ["0", "1", "2"].map { key in
      ExchangeReceipt.Line(id: try #require(ids[key]), state: .rejected, code: "V09", message: "日期")
    }
    let noted = try city.database.note(
      ExchangeReceipt(route: "up", package: 1, others: .accepted, lines: refused))
    #expect(noted.state == .partlyRejected && noted.rejected == 3)
    #expect(
      try city.database.note(ExchangeReceipt(route: "up", package: 1, others: .accepted, lines: refused))
        == noted)
    let record = try #require(try city.records(StoreFixture.codes[0]).first { $0.key == "1" })
    let status = try #require(try city.database.snapshot().exchangeStatuses(of: record).first)
    #expect(status.state == .rejected && status.code == "V09")
    // One was corrected, and goes by itself; the others go again in a package of their own, with the numbers they had.
    try city.collect([ExchangeFixture.row(0, "0", "改了")])
    let again = try #require(try city.database.packAgain(1, of: "up"))
    var sent: [String] = []
    try city.database.snapshot().messages(of: again) { sent.append($0.id) }
    #expect(
      Set(sent) == Set([ids["1"], ids["2"]].compactMap(\.self)) && again.repeats == 1 && again.number == 2)
    // What went again does not go a third time by itself.
    #expect(try city.database.packAgain(1, of: "up") == nil)
    #expect(try city.database.pack("up").map(\.puts) == [1])
    try city.database.note(ExchangeReceipt(route: "up", package: 2, others: .accepted))
    let after = try #require(try city.database.snapshot().exchangeStatuses(of: record).first)
    #expect(after.state == .accepted && after.package == 2)
    // A receipt that names what the package does not hold says nothing.
    let foreign = ExchangeReceipt(
      route: "up", package: 2, others: nil,
      lines: [.init(id: try #require(ids["0"]), state: .rejected)])
    do {
      try city.database.note(foreign)
      Issue.record("a change of another package was noted")
    } catch { #expect((error as? CreditError)?.code == "unknownChange") }
    do {
      try city.database.packAgain(2, of: "up")
      Issue.record("a package that was accepted went again")
    } catch { #expect((error as? CreditError)?.code == "nothingRejected") }
  }

  /// What an earlier version of the entry held, and the present one does not, goes nowhere, whichever commit a package ends with.
  @Test func itemsThatLeftTheEntryStay() throws {
    var open = StoreFixture.entry
    open.items.append(CatalogueItem(id: "PHONE", name: "电话", openness: .authorized))
    let store = try StoreFixture([open])
    let header = "CODE,NO,DAY,AMOUNT,TEXT,PHONE"
    try store.collect(["\(StoreFixture.codes[0]),1,2021-01-01,1,x,13900000001"], header: header)
    try store.collect(["\(StoreFixture.codes[0]),2,2021-01-01,1,x,13900000002"], header: header)
    var reduced = StoreFixture.entry
    reduced.version = 2
    try store.database.catalogue.publish([reduced])
    try store.database.publish([
      ExchangeRoute(code: "s", receiver: "住建局", purpose: .subscription, entries: ["T1"])
    ])
    var puts = 0
    for package in try store.database.pack("s", limit: 1) {
      puts += package.puts
      try store.database.snapshot().messages(of: package) { message in
        #expect(!message.line.contains("139") && message.values["PHONE"] == nil)
      }
    }
    #expect(puts == 1)
  }

  @Test func messagesOfReceiptsAreCutBetweenCharacters() {
    typealias Line = ExchangeReceipt.Line
    #expect(Line.cut("处罚", to: 6) == "处罚" && Line.cut("处罚", to: 5) == "处" && Line.cut(nil, to: 5) == nil)
    #expect(Line.cut(String(repeating: "e\u{301}", count: 400), to: 512)?.utf8.count == 511)
  }

  /// The columns of the 2018 standard in its order, whatever the order of the city's entry; withdrawn records in a file of their own.
  @Test func filesInTheOrderOf2018() async throws {
    var entry = CatalogueEntry.administrativePenalty2018
    entry.code = "CF1"
    entry.items.reverse()
    entry.items.append(CatalogueItem(id: "LOCAL", name: "本地"))
    let store = try StoreFixture([entry])
    let route = ExchangeRoute(
      code: "hebei", receiver: "河北省", purpose: .upward, entries: ["CF1"], form: .csv, layout: .penalties2018,
      heading: .names)
    try store.database.publish([route])
    let header =
      "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_FRDB,CF_WSH,CF_WFXW,CF_SY,CF_YJ,CF_CFLB,CF_NR,CF_NR_FK,CF_JDRQ,CF_YXQ,"
      + "CF_CFJG,CF_CFJGDM,CF_SJLY,CF_SJLYDM,LOCAL"
    func row(_ number: Int) -> String {
      "\"甲,公司\",法人及非法人组织,91130302MA0000015N,张三,冀处\(number)号,类型,事实,依据,罚款,罚款2000元,0.2,2021-03-04,2022-03-04,某局,"
        + "11130300000000019B,某局,11130300000000019B,本地值"
    }
    #expect(try store.collect([row(1), row(2)], entry: "CF1", header: header).loaded == 2)
    let folder = try ExchangeFixture.outbox(store)
    let first = try #require(try store.database.pack("hebei").first)
    try store.database.snapshot().write(first, to: folder)
    let text = try String(contentsOfFile: folder + "/hebei-000001.csv", encoding: .utf8)
    let lines = text.split(separator: "\n").map(String.init)
    let standard = CatalogueEntry.administrativePenalty2018.items
    #expect(lines[0] == standard.map { "\"\($0.name)\"" }.joined(separator: ","))
    #expect(lines[1].hasPrefix("\"甲,公司\",\"法人及非法人组织\",\"91130302MA0000015N\",,"))
    #expect(lines[1].contains("\"0.2\",,,\"2021/03/04\",\"2022/03/04\",,"))
    #expect(lines.count == 3 && !text.contains("本地"))
    let subject = Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode)
    _ = try store.database.withdraw("CF1", subject: subject, key: "11130300000000019B|冀处1号", reason: "撤销")
    let second = try #require(try store.database.pack("hebei").first)
    let manifest = try store.database.snapshot().write(second, to: folder)
    #expect(manifest.files.map(\.name) == ["hebei-000002.csv", "hebei-000002-withdrawn.csv"])
    #expect(manifest.files.map(\.changes) == [0, 1])
    let withdrawn = try String(contentsOfFile: folder + "/hebei-000002-withdrawn.csv", encoding: .utf8)
    #expect(withdrawn.contains("冀处1号"))
    // Of an entry without record key, what a corrected record was before is taken back too.
    var keyless = entry
    keyless.code = "CF0"
    keyless.recordKey = []
    try store.database.catalogue.publish([keyless])
    var other = route
    other.code = "keyless"
    other.entries = ["CF0"]
    try store.database.publish([other])
    try store.collect([row(7)], entry: "CF0", header: header)
    _ = try store.database.pack("keyless")
    let record = try #require(try store.records("91130302MA0000015N", entry: "CF0").first)
    _ = try store.database.correct(
      "CF0", subject: record.subject, key: record.key, reason: "改", changes: ["CF_SY": .text("新事实")])
    let corrected = try #require(try store.database.pack("keyless").first)
    #expect(corrected.puts == 1 && corrected.withdrawals == 0)
    let files = try store.database.snapshot().write(corrected, to: folder).files
    #expect(files.map(\.changes) == [1, 1])
    // An entry that lacks what the standard requires cannot go in its order.
    let wrong = ExchangeRoute(
      code: "w", receiver: "r", purpose: .upward, entries: ["CF1"], form: .csv, layout: .permits2018)
    do {
      try store.database.publish([wrong])
      Issue.record("permits were made of penalties")
    } catch { #expect((error as? CreditError)?.code == "wrongLayout") }
  }

  @Test func nothingGoesWhereItMayNot() throws {
    var closed = StoreFixture.entry
    closed.code = "T2"
    closed.sharing = .none
    var conditional = StoreFixture.entry
    conditional.code = "T3"
    conditional.sharing = .conditional
    var personal = StoreFixture.entry
    personal.code = "T4"
    personal.items[0].openness = .authorized
    let store = try StoreFixture([StoreFixture.entry, closed, conditional, personal])
    func code(_ route: ExchangeRoute) -> String {
      do {
        try store.database.publish([route])
        return ""
      } catch { return (error as? CreditError)?.code ?? "\(error)" }
    }
    func subscription(_ entry: String, basis: String? = nil) -> ExchangeRoute {
      ExchangeRoute(code: "s", receiver: "住建局", purpose: .subscription, entries: [entry], basis: basis)
    }
    #expect(code(subscription("T2", basis: "协议")) == "notShared")
    #expect(code(subscription("T3")) == "notShared")
    #expect(code(subscription("T4")) == "notShared")
    #expect(code(subscription("T9")) == "unknownEntry")
    #expect(code(subscription("T1")) == "")
    #expect(code(subscription("T4", basis: "信用联合奖惩协议")) == "")
    var bad = ExchangeFixture.route
    bad.code = "../up"
    #expect(code(bad) == "invalidRoute")
    bad = ExchangeFixture.route
    bad.entries = []
    #expect(code(bad) == "invalidRoute")
    // An entry that is shared no longer stops the route that has it.
    try store.database.publish([subscription("T1")])
    try store.collect([ExchangeFixture.row(0, "1", "x")])
    let packed = try #require(try store.database.pack("s").first)
    let outbox = try ExchangeFixture.outbox(store)
    try store.database.snapshot().write(packed, to: outbox)
    try store.collect([ExchangeFixture.row(0, "2", "x")])
    var entry = StoreFixture.entry
    entry.version = 2
    entry.sharing = .none
    try store.database.catalogue.publish([entry])
    do {
      try store.database.pack("s")
      Issue.record("an entry went that is not shared")
    } catch { #expect((error as? CreditError)?.code == "notShared") }
    // Nor does what was packed before, also where the route no longer names the entry.
    func writing() -> String? {
      do { try store.database.snapshot().write(packed, to: outbox) } catch {
        return (error as? CreditError)?.code
      }
      return nil
    }
    #expect(writing() == "notShared")
    var other = StoreFixture.entry
    other.code = "FREE"
    try store.database.catalogue.publish([other])
    try store.database.publish([subscription("FREE")])
    #expect(writing() == "notShared")
  }
}
