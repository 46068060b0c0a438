// Goal: what goes to a receiver brings it from one state of the store to the next, whatever happened in between and however often packages come; receipts
// say what became of each change; nothing goes where it may not go.
// Method: two stores, the records of one beside those of the other after every round of random changes (seed printed); packages read again after merges.

import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct ExchangeTests {
  private static let route = ExchangeRoute(
    code: "up", receiver: "河北省公共信用信息平台", purpose: .upward, entries: ["T1", "T0"])

  private static func sender(_ route: ExchangeRoute = ExchangeTests.route) throws -> StoreFixture {
    let store = try StoreFixture()
    try store.database.publish([route])
    return store
  }

  private static func row(_ code: Int, _ number: String, _ text: String) -> String {
    "\(StoreFixture.codes[code]),\(number),2021-01-01,1.5,\(text)"
  }

  private static func outbox(_ store: StoreFixture) throws -> String {
    let folder = store.folder.path("outbox")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  private static func file(_ package: ExchangePackage, _ ending: String) -> String {
    "/\(package.route)-" + String(1_000_000 + package.number).dropFirst() + ending
  }

  /// Packs, writes, takes in on the other side, and notes the receipt.
  @discardableResult
  private static func send(
    _ sender: StoreFixture, _ receiver: StoreFixture, limit: Int = 100_000
  ) async throws -> [ReceivedPackage] {
    let folder = try outbox(sender)
    var received: [ReceivedPackage] = []
    while true {
      let packages = try sender.database.pack("up", limit: limit)
      if packages.isEmpty { return received }
      for package in packages {
        try sender.database.snapshot().write(package, to: folder)
        try sender.database.noteSent(package.number, of: "up")
        let taken = try await receiver.database.receive(manifest: folder + file(package, ".json"))
        #expect(try sender.database.note(taken.receipt).attempts == 1)
        received.append(taken)
      }
    }
  }

  /// What a store shows: entry, subject, key and values of every current record that is not withdrawn.
  private static func shown(_ store: StoreFixture) throws -> [String] {
    var lines: [String] = []
    for code in StoreFixture.codes {
      for record in try store.records(code) where record.state != .repaired {
        lines.append(
          "\(record.entry.code) \(code) \(record.key) "
            + record.values.map { $0?.canonicalText ?? "-" }.joined(separator: "|"))
      }
    }
    return lines.sorted()
  }

  @Test func changesArriveAndReceiptsComeBack() async throws {
    let (city, province) = (try Self.sender(), try StoreFixture())
    try city.collect([Self.row(0, "1", "甲"), Self.row(0, "2", "乙"), Self.row(1, "3", "丙")])
    try city.collect([Self.row(2, "", "无号")], entry: "T0")
    let packages = try city.database.pack("up")
    #expect(packages.map(\.entry) == ["T1", "T0"] && packages.map(\.puts) == [3, 1])
    #expect(packages.map(\.state) == [.packed, .packed])
    #expect(try city.database.pack("up").isEmpty, "nothing came since")
    let folder = try Self.outbox(city)
    for package in packages {
      let manifest = try city.database.snapshot().write(package, to: folder)
      #expect(manifest.files.map(\.sha256) == [package.sha256])
    }
    let second = folder + Self.file(packages[1], ".json")
    await #expect(throws: CreditError.self, "the first did not come yet") {
      _ = try await province.database.receive(manifest: second)
    }
    for package in packages {
      let received = try await province.database.receive(manifest: folder + Self.file(package, ".json"))
      #expect(received.loaded == package.puts && received.receipt.lines.isEmpty)
      let again = try await province.database.receive(manifest: folder + Self.file(package, ".json"))
      #expect(again == received, "taken in again, it gives the same receipt and changes nothing")
      #expect(try city.database.note(received.receipt).state == .accepted)
    }
    #expect(try Self.shown(province) == Self.shown(city))
    let record = try #require(try city.records(StoreFixture.codes[0]).first)
    let status = try #require(try city.database.snapshot().exchangeStatuses(of: record).first)
    #expect(status.state == .accepted && status.package == 1 && status.attempts == 1)
    try city.collect([Self.row(0, "1", "改")])
    let newer = try #require(try city.records(StoreFixture.codes[0]).first { $0.key == "1" })
    #expect(try city.database.snapshot().exchangeStatuses(of: newer).first?.state == .waiting)
  }

  /// The receiver's state after each package is the sender's: for corrected, moved, withdrawn, repaired and reinstated records, with and without record
  /// key, whatever came together in one package.
  @Test(arguments: Array(1...20 as ClosedRange<UInt64>))
  func theReceiverFollows(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let (city, province) = (try Self.sender(), try StoreFixture())
    for _ in 0..<8 {
      for _ in 0..<Int.random(in: 1...6, using: &random) { try Self.change(city, &random) }
      if Bool.random(using: &random) { _ = try await city.database.compact() }
      try await Self.send(city, province, limit: [1, 3, 1000].randomElement(using: &random) ?? 1)
      #expect(try Self.shown(province) == Self.shown(city), "seed \(seed)")
    }
    let refused = try province.database.snapshot().receivedPackages().flatMap(\.receipt.lines)
    #expect(refused.isEmpty, "seed \(seed)")
  }

  /// One random change of a store.
  private static func change(_ store: StoreFixture, _ random: inout SeededGenerator) throws {
    let text = "值\(Int.random(in: 0..<1000, using: &random))"
    let code = Int.random(in: 0..<3, using: &random)
    let entry = Bool.random(using: &random) ? "T1" : "T0"
    let all = try store.records(StoreFixture.codes[code], .currentAndWithdrawn, entry: entry)
    guard Int.random(in: 0..<3, using: &random) > 0, let record = all.randomElement(using: &random) else {
      let rows = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        row(code, "号\(Int.random(in: 0..<6, using: &random))", text)
      }
      try store.collect(rows, entry: entry)
      return
    }
    let (subject, key) = (record.subject, record.key)
    do {
      switch Int.random(in: 0..<5, using: &random) {
      case 0: _ = try store.database.withdraw(entry, subject: subject, key: key, reason: "撤")
      case 1: _ = try store.database.repair(entry, subject: subject, key: key, reason: "修复")
      case 2: _ = try store.database.reinstate(entry, subject: subject, key: key, reason: "恢复")
      case 3:
        _ = try store.database.correct(
          entry, subject: subject, key: key, reason: "改", changes: ["TEXT": .text(text)])
      default:
        // Another subject: the record moves there.
        let other = StoreFixture.codes[(code + 1) % 3]
        _ = try store.database.correct(
          entry, subject: subject, key: key, reason: "改主体", changes: ["CODE": .text(other)])
      }
    } catch let error as CreditError {
      let expected = [
        "alreadyWithdrawn", "notClosed", "nothingChanged", "recordExists", "ambiguousKey", "unknownRecord",
      ]
      #expect(expected.contains(error.code), "\(error)")
    }
  }

  @Test func aPackageStaysWhatItIs() async throws {
    let city = try Self.sender()
    try city.collect((0..<50).map { Self.row($0 % 3, "\($0)", "第一") })
    let package = try #require(try city.database.pack("up").first)
    let folder = try Self.outbox(city)
    let before = try city.database.snapshot().write(package, to: folder)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + Self.file(package, ".jsonl")))
    // Changes, merges, another form of the route, a new version of the entry: nothing of it touches a package that was put together.
    try city.collect((0..<50).map { Self.row($0 % 3, "\($0)", "第二") })
    _ = try await city.database.compact()
    var route = Self.route
    route.form = .csv
    try city.database.publish([route])
    var entry = StoreFixture.entry
    entry.version = 2
    entry.items.append(CatalogueItem(id: "MORE", name: "更多"))
    try city.database.catalogue.publish([entry])
    #expect(try city.database.snapshot().write(package, to: folder) == before)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder + Self.file(package, ".jsonl"))) == bytes)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder).count == 2, "no parts are left behind")
    // What was purged is gone from it, and nobody is told that it is whole.
    _ = try await city.database.purge(.subject(StoreFixture.codes[0]), reason: "test")
    do {
      try city.database.snapshot().write(package, to: folder)
      Issue.record("a package that lost records was written")
    } catch { #expect((error as? CreditError)?.code == "packageChanged") }
  }

  @Test func refusedChangesGoAgainUnlessSomethingNewerCame() async throws {
    let city = try Self.sender()
    try city.collect((0..<4).map { Self.row(0, "\($0)", "x") })
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
    try city.collect([Self.row(0, "0", "改了")])
    let again = try #require(try city.database.packAgain(1, of: "up"))
    var sent: [String] = []
    try city.database.snapshot().messages(of: again) { sent.append($0.id) }
    #expect(
      Set(sent) == Set([ids["1"], ids["2"]].compactMap(\.self)) && again.repeats == 1 && again.number == 2)
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

  /// What the receiver refuses is told to the sender by number and rule; what the receiver withdrew by itself it keeps withdrawn.
  @Test func theReceiverChecksWhatComes() async throws {
    let city = try Self.sender()
    let province = try StoreFixture()
    var strict = StoreFixture.entry
    strict.version = 2
    strict.items[4].length = 3
    try province.database.catalogue.publish([strict])
    try city.collect([Self.row(0, "1", "短"), Self.row(0, "2", "这个太长了")])
    let first = try #require(try await Self.send(city, province).first)
    #expect(first.loaded == 1 && first.receipt.lines.count == 1)
    #expect(first.receipt.lines.first?.message == "TEXT")
    #expect(try city.database.snapshot().packages(ofRoute: "up").first?.state == .partlyRejected)
    let subject = Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode)
    _ = try province.database.withdraw("T1", subject: subject, key: "1", reason: "异议成立")
    try city.collect([Self.row(0, "1", "又")])
    let second = try #require(try await Self.send(city, province).first)
    #expect(second.receipt.lines.map(\.code) == ["R-CLOSED"])
    #expect(try province.records(StoreFixture.codes[0]).isEmpty)
    // Withdrawn there too: that is no failure. What it never had is none either.
    _ = try city.database.withdraw("T1", subject: subject, key: "1", reason: "撤")
    _ = try city.database.withdraw("T1", subject: subject, key: "2", reason: "撤")
    let third = try #require(try await Self.send(city, province).first)
    #expect(third.withdrawn == 0 && third.receipt.lines.isEmpty)
  }

  @Test func hostilePackagesChangeNothing() async throws {
    let (city, province) = (try Self.sender(), try StoreFixture())
    try city.collect([Self.row(0, "1", "甲"), Self.row(1, "2", "乙")])
    let package = try #require(try city.database.pack("up").first)
    let folder = try Self.outbox(city)
    let manifest = try city.database.snapshot().write(package, to: folder)
    let changes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + Self.file(package, ".jsonl"))))
    func code(_ change: (inout ExchangeManifest) -> Void, _ bytes: [UInt8]? = nil) async -> String {
      var changed = manifest
      change(&changed)
      do {
        _ = try await province.database.receive(changed, changes: bytes ?? changes)
        return ""
      } catch { return (error as? CreditError)?.code ?? "\(error)" }
    }
    #expect(await code { $0.format = 2 } == "invalidManifest")
    #expect(await code { $0.files[0].name = "../\($0.files[0].name)" } == "invalidManifest")
    #expect(await code { $0.form = .csv } == "invalidManifest")
    #expect(await code { $0.package = -1 } == "invalidManifest")
    #expect(await code { $0.puts = 3 } == "invalidManifest")
    #expect(await code { $0.previous = 7 } == "packageMissing")
    #expect(await code { $0.entry = "NONE" } == "unknownEntry")
    #expect(await code { $0.recordKey = ["TEXT"] } == "otherIdentity")
    #expect(await code { $0.items.append("NEW") } == "unknownItem")
    #expect(await code { $0.sender = UUID().uuidString } == "invalidMessage")
    #expect(await code({ _ in }, Array(changes.dropLast(10))) == "invalidMessage")
    #expect(await code({ _ in }, changes + [0x0A]) == "fileChanged")
    #expect(await code({ _ in }, []) == "empty")
    let text = String(decoding: changes, as: UTF8.self)
    #expect(await code({ _ in }, Array(text.replacing("甲", with: "丁").utf8)) == "invalidMessage")
    let line = Array(text.split(separator: "\n")[0].utf8) + [0x0A]
    #expect(await code({ _ in }, line) == "fileChanged")
    #expect(try Self.shown(province).isEmpty && province.database.snapshot().receivedPackages().isEmpty)
    #expect(await code { _ in } == "")
    // Another store of the same name, or this one after it was put back: the number is known, its content is not.
    #expect(await code { $0.files[0].sha256 = String(repeating: "0", count: 64) } == "otherPackage")
  }

  @Test func aRouteBeginsAnew() async throws {
    let (city, province) = (try Self.sender(), try StoreFixture())
    try city.collect([Self.row(0, "1", "甲"), Self.row(1, "2", "乙")])
    try await Self.send(city, province)
    try city.database.restart(route: "up", firstNumber: 20, reason: "省平台重建")
    let packages = try city.database.pack("up")
    #expect(packages.map(\.number) == [20] && packages.map(\.puts) == [2])
    let folder = try Self.outbox(city)
    #expect(try city.database.snapshot().write(packages[0], to: folder).previous == nil)
    let received = try await province.database.receive(manifest: folder + Self.file(packages[0], ".json"))
    #expect(received.duplicate == 2 && received.loaded == 0)
    #expect(try Self.shown(province) == Self.shown(city))
    do {
      try city.database.restart(route: "up", firstNumber: 5, reason: "x")
      Issue.record("numbers went back")
    } catch { #expect((error as? CreditError)?.code == "invalidNumber") }
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
    let folder = try Self.outbox(store)
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
    var bad = Self.route
    bad.code = "../up"
    #expect(code(bad) == "invalidRoute")
    bad = Self.route
    bad.entries = []
    #expect(code(bad) == "invalidRoute")
    // An entry that is shared no longer stops the route that has it.
    try store.database.publish([subscription("T1")])
    try store.collect([Self.row(0, "1", "x")])
    var entry = StoreFixture.entry
    entry.version = 2
    entry.sharing = .none
    try store.database.catalogue.publish([entry])
    do {
      try store.database.pack("s")
      Issue.record("an entry went that is not shared")
    } catch { #expect((error as? CreditError)?.code == "notShared") }
  }

  /// The tables of the exchange name nobody: a purge has nothing to look for in them.
  @Test func theTablesNameNobody() async throws {
    let (city, province) = (try Self.sender(), try StoreFixture())
    try city.collect([Self.row(0, "1", "甲"), Self.row(1, "2", "乙")])
    try await Self.send(city, province, limit: 1)
    for (store, schema) in [
      (city, SystemDatasets.exchangePackages), (city, SystemDatasets.exchangeLines),
      (province, SystemDatasets.exchangeReceived),
    ] {
      try DatasetScan(store.database.snapshot().engine, schema: schema).forEach { row in
        for column in schema.columns.indices where schema.columns[column].type == .text {
          let text = try row.string(column) ?? ""
          for code in StoreFixture.codes { #expect(!text.contains(code)) }
        }
      }
    }
  }
}
