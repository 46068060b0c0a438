// Goal: packages bring a receiver from one state of the sender to the next, whatever happened in between and however often they come; hostile ones change
// nothing.
// Method: two stores, the records of one beside those of the other after every round of random changes (seed printed); manifests and files that lie.

import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct ReceivingTests {
  /// The receiver's state after each package is the sender's: for corrected, moved, withdrawn, repaired and reinstated records, with and without record
  /// key, whatever came together in one package.
  @Test(arguments: Array(1...20 as ClosedRange<UInt64>))
  func theReceiverFollows(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    for _ in 0..<12 {
      for _ in 0..<Int.random(in: 1...6, using: &random) { try ExchangeFixture.change(city, &random) }
      if Bool.random(using: &random) { _ = try await city.database.compact() }
      if Int.random(in: 0..<8, using: &random) == 0 {
        try city.database.restart(route: "up", reason: "重新全量上报")
      }
      try await ExchangeFixture.send(city, province, limit: [1, 3, 1000].randomElement(using: &random) ?? 1)
      // Two records of an entry without record key may be corrected to the same content: elsewhere they are one.
      #expect(try Set(ExchangeFixture.shown(province)) == Set(ExchangeFixture.shown(city)), "seed \(seed)")
      if try Set(ExchangeFixture.shown(province)) != Set(ExchangeFixture.shown(city)) { return }
    }
    let refused = try province.database.snapshot().receivedPackages().map(\.rejected)
    #expect(refused.reduce(0, +) == 0, "seed \(seed)")
  }

  /// Two records of an entry without record key that were corrected to one content, which is refused since, are one elsewhere, and one message.
  @Test func recordsThatBecameOneGoOnce() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    try city.collect(["a", "b"].map { ExchangeFixture.row(0, "1", $0) }, entry: "T0")
    try city.makeEqual(StoreFixture.codes[0], entry: "T0")
    #expect(try city.records(StoreFixture.codes[0], entry: "T0").count == 2)
    let received = try await ExchangeFixture.send(city, province)
    #expect(received.map(\.loaded) == [1])
    try city.database.restart(route: "up", reason: "重新全量上报")
    #expect(try await ExchangeFixture.send(city, province).reduce(0) { $0 + $1.duplicate } == 1)
  }

  /// A subject that moved from one city to another: what the first takes back does not take it from the second, in either order.
  @Test(arguments: [true, false]) func twoSendersOfOneRecord(withdrawsFirst: Bool) async throws {
    let (first, second) = (try ExchangeFixture.sender(), try ExchangeFixture.sender())
    let province = try StoreFixture()
    let subject = Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode)
    try first.collect([ExchangeFixture.row(0, "1", "甲")])
    try await ExchangeFixture.send(first, province)
    _ = try first.database.withdraw("T1", subject: subject, key: "1", reason: "迁出")
    try second.collect([ExchangeFixture.row(0, "1", "乙")])
    for sender in withdrawsFirst ? [first, second] : [second, first] {
      try await ExchangeFixture.send(sender, province)
    }
    #expect(try province.records(StoreFixture.codes[0]).map { $0["TEXT"] } == [.text("乙")])
  }

  /// What a unit of this store reported first stays, though a sender had the same and takes its own back; what was corrected here of the sender's goes.
  @Test func whatThisStoreReportedFirstStays() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    let subject = Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode)
    try province.collect([ExchangeFixture.row(0, "1", "甲")])
    try city.collect(["1", "2"].map { ExchangeFixture.row(0, $0, "甲") })
    #expect(try await ExchangeFixture.send(city, province).map(\.duplicate) == [1])
    _ = try province.database.correct(
      "T1", subject: subject, key: "2", reason: "改", changes: ["TEXT": .text("乙")])
    for key in ["1", "2"] { _ = try city.database.withdraw("T1", subject: subject, key: key, reason: "撤") }
    #expect(try await ExchangeFixture.send(city, province).map(\.withdrawn) == [1])
    #expect(try province.records(StoreFixture.codes[0]).map(\.key) == ["1"])
  }

  /// A record that was given under a wrong subject and moved here by a correction is the sender's still.
  @Test func whatWasMovedHereIsTheSendersToTakeBack() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    func move(_ store: StoreFixture) throws {
      _ = try store.database.correct(
        "T1", subject: Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode), key: "1",
        reason: "改主体",
        changes: ["CODE": .text(StoreFixture.codes[1])])
    }
    try city.collect([ExchangeFixture.row(0, "1", "甲")])
    try await ExchangeFixture.send(city, province)
    try move(province)
    try move(city)
    try await ExchangeFixture.send(city, province)
    #expect(try province.records(StoreFixture.codes[1]).count == 1)
    _ = try city.database.withdraw(
      "T1", subject: Identifier(StoreFixture.codes[1], as: .unifiedSocialCreditCode), key: "1", reason: "撤")
    #expect(try await ExchangeFixture.send(city, province).map(\.withdrawn) == [1])
    #expect(try province.records(StoreFixture.codes[1]).isEmpty)
  }

  @Test func nobodyCollectsUnderTheNameOfAPackage() throws {
    let store = try StoreFixture()
    let source = CreditDatabase.Source.csv(named: "exchange:x|up|1") { nil }
    do {
      _ = try store.database.collectBlocking(source, for: "T1")
      Issue.record("rows came under the name of a package")
    } catch { #expect((error as? CreditError)?.code == "invalidSource") }
  }

  /// What the receiver refuses is told to the sender by number and rule; what the receiver withdrew by itself it keeps withdrawn.
  @Test func theReceiverChecksWhatComes() async throws {
    let city = try ExchangeFixture.sender()
    let province = try StoreFixture()
    var strict = StoreFixture.entry
    strict.version = 2
    strict.items[4].length = 3
    try province.database.catalogue.publish([strict])
    try city.collect([ExchangeFixture.row(0, "1", "短"), ExchangeFixture.row(0, "2", "这个太长了")])
    let first = try #require(try await ExchangeFixture.send(city, province).first)
    #expect(first.loaded == 1 && first.receipt.lines.count == 1)
    #expect(first.receipt.lines.first?.message == "TEXT: longer than 3 characters")
    #expect(try city.database.snapshot().packages(ofRoute: "up").first?.state == .partlyRejected)
    let subject = Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode)
    _ = try province.database.withdraw("T1", subject: subject, key: "1", reason: "异议成立")
    try city.collect([ExchangeFixture.row(0, "1", "又")])
    let second = try #require(try await ExchangeFixture.send(city, province).first)
    #expect(second.receipt.lines.map(\.code) == ["R-CLOSED"])
    #expect(try province.records(StoreFixture.codes[0]).isEmpty)
    // Withdrawn there too: that is no failure. What it never had is none either.
    _ = try city.database.withdraw("T1", subject: subject, key: "1", reason: "撤")
    _ = try city.database.withdraw("T1", subject: subject, key: "2", reason: "撤")
    let third = try #require(try await ExchangeFixture.send(city, province).first)
    #expect(third.withdrawn == 0 && third.receipt.lines.isEmpty)
  }

  @Test func hostilePackagesChangeNothing() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    try city.collect([ExchangeFixture.row(0, "1", "甲"), ExchangeFixture.row(1, "2", "乙")])
    let package = try #require(try city.database.pack("up").first)
    let folder = try ExchangeFixture.outbox(city)
    let manifest = try city.database.snapshot().write(package, to: folder)
    let changes = [UInt8](
      try Data(contentsOf: URL(fileURLWithPath: folder + ExchangeFixture.file(package, ".jsonl"))))
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
    #expect(
      try ExchangeFixture.shown(province).isEmpty && province.database.snapshot().receivedPackages().isEmpty)
    #expect(await code { _ in } == "")
    // Another store of the same name, or this one after it was put back: the number is known, its content is not.
    #expect(await code { $0.files[0].sha256 = String(repeating: "0", count: 64) } == "otherPackage")
  }

  @Test func aRouteBeginsAnew() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    try city.collect([ExchangeFixture.row(0, "1", "甲"), ExchangeFixture.row(1, "2", "乙")])
    try await ExchangeFixture.send(city, province)
    try city.database.restart(route: "up", firstNumber: 20, reason: "省平台重建")
    let packages = try city.database.pack("up")
    // All there is of each entry, of the second nothing.
    #expect(packages.map(\.number) == [20, 21] && packages.map(\.puts) == [2, 0])
    #expect(packages.map(\.isFull) == [true, true])
    let folder = try ExchangeFixture.outbox(city)
    #expect(try city.database.snapshot().write(packages[0], to: folder).previous == nil)
    let received = try await province.database.receive(
      manifest: folder + ExchangeFixture.file(packages[0], ".json"))
    #expect(received.duplicate == 2 && received.loaded == 0)
    #expect(try ExchangeFixture.shown(province) == ExchangeFixture.shown(city))
    for number in [5, 21, .min, .max] {
      do {
        try city.database.restart(route: "up", firstNumber: number, reason: "x")
        Issue.record("numbers went back, or beyond all bounds")
      } catch { #expect((error as? CreditError)?.code == "invalidNumber") }
    }
  }

  /// A receiver that missed what a sender lost when it was put back to a backup: what the sender no longer has goes there too, what others gave stays.
  @Test func aFullPackageTakesBackWhatIsGone() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    try city.collect([ExchangeFixture.row(0, "1", "甲"), ExchangeFixture.row(1, "2", "乙")])
    let backup = city.folder.path("backup")
    _ = try await city.database.backup(to: backup)
    try city.collect([ExchangeFixture.row(2, "3", "丙")])
    try await ExchangeFixture.send(city, province)
    try province.collect([ExchangeFixture.row(2, "9", "别的单位")])
    let restored = try CreditDatabase(opening: backup, mode: .readWrite())
    defer { try? restored.close() }
    // The restored store knows nothing of the package: it begins anew behind the numbers the receiver has.
    try restored.restart(route: "up", firstNumber: 10, reason: "恢复到备份")
    let folder = try ExchangeFixture.outbox(city)
    for package in try restored.pack("up") {
      try restored.snapshot().write(package, to: folder)
      let received = try await province.database.receive(
        manifest: folder + ExchangeFixture.file(package, ".json"))
      if package.entry == "T1" { #expect(received.withdrawn == 1 && received.duplicate == 2) }
    }
    #expect(try province.records(StoreFixture.codes[2]).map(\.key) == ["9"])
  }

  /// Changes that come to nothing stop nobody, however small packages are.
  @Test func changesThatComeToNothingAreLeftBehind() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    let subject = Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode)
    try city.collect([ExchangeFixture.row(0, "1", "甲")])
    _ = try city.database.withdraw("T1", subject: subject, key: "1", reason: "撤")
    _ = try city.database.repair("T1", subject: subject, key: "1", reason: "修复")
    try city.collect([ExchangeFixture.row(1, "2", "乙")])
    let received = try await ExchangeFixture.send(city, province, limit: 1)
    // Marking a withdrawn record as repaired changes nothing for the receiver, and is no package.
    #expect(received.map(\.loaded) == [1, 0, 1] && received.map(\.withdrawn) == [0, 1, 0])
    #expect(try ExchangeFixture.shown(province) == ExchangeFixture.shown(city))
  }

  /// Rows that came in a package are the sender's: judged again here, one might come back that was withdrawn there.
  @Test func rowsOfAPackageAreTheSendersToCorrect() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    var strict = StoreFixture.entry
    strict.version = 2
    strict.items[4].length = 3
    try province.database.catalogue.publish([strict])
    try city.collect([ExchangeFixture.row(0, "1", "这个太长了")])
    let received = try #require(try await ExchangeFixture.send(city, province).first)
    let batch = try #require(received.batch)
    strict.version = 3
    strict.items[4].length = 20
    try province.database.catalogue.publish([strict])
    do {
      _ = try province.database.judgeAgain(batch: batch)
      Issue.record("a row of a package was judged again")
    } catch { #expect((error as? CreditError)?.code == "packageOfOthers") }
    let all = try await province.database.judgeAgain(entry: "T1")
    #expect(all.loaded == 0 && all.remaining == 1)
    // It goes again, and is taken in, in a batch that belongs to the first one.
    let again = try #require(try city.database.packAgain(1, of: "up"))
    #expect(again.puts == 1)
    let folder = try ExchangeFixture.outbox(city)
    try city.database.snapshot().write(again, to: folder)
    let taken = try await province.database.receive(
      manifest: folder + ExchangeFixture.file(again, ".json"))
    #expect(taken.loaded == 1)
    let report = try #require(
      try province.database.snapshot().batches().first(where: { $0.batch == taken.batch }))
    #expect(report.resubmits == batch)
  }

  /// What was corrected here, an older state of the sender's does not undo; what this store closed is kept for a person.
  @Test func aPackageUndoesNoCorrectionOfThisStore() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    let subject = Identifier(StoreFixture.codes[0], as: .unifiedSocialCreditCode)
    try city.collect([ExchangeFixture.row(0, "1", "甲"), ExchangeFixture.row(0, "2", "乙")])
    try await ExchangeFixture.send(city, province)
    _ = try province.database.correct(
      "T1", subject: subject, key: "1", reason: "核实", changes: ["TEXT": .text("改正")])
    _ = try province.database.withdraw("T1", subject: subject, key: "2", reason: "异议成立")
    // The city sends all it has once more.
    try city.database.restart(route: "up", reason: "重新上报")
    let again = try #require(try await ExchangeFixture.send(city, province).first)
    #expect(
      again.updated == 0 && again.duplicate == 1 && again.receipt.lines.map(\.code) == ["R-CLOSED"],
      "\(again)")
    #expect(try province.records(StoreFixture.codes[0]).map { $0["TEXT"] } == [.text("改正")])
    // Nothing of it is new, and nothing waits; what is new does.
    #expect(again.batch == nil)
    try city.collect([ExchangeFixture.row(0, "2", "新")])
    let newer = try #require(try await ExchangeFixture.send(city, province).first)
    #expect(newer.receipt.lines.map(\.code) == ["R-CLOSED"])
    #expect(try province.rules(ofBatch: try #require(newer.batch)) == ["1 questionable R-CLOSED"])
    // What the city itself changes goes on to count.
    _ = try city.database.correct(
      "T1", subject: subject, key: "1", reason: "改", changes: ["TEXT": .text("丙")])
    let changed = try #require(try await ExchangeFixture.send(city, province).first)
    #expect(changed.updated == 1)
    #expect(try province.records(StoreFixture.codes[0]).map { $0["TEXT"] } == [.text("丙")])
    // Nobody takes in what it sent itself.
    let package = try #require(try city.database.snapshot().packages(ofRoute: "up").last)
    let error = await #expect(throws: CreditError.self) {
      try await city.database.receive(
        manifest: try ExchangeFixture.outbox(city) + ExchangeFixture.file(package, ".json"))
    }
    #expect(error?.code == "ownPackage")
  }

  /// A file that changes between two readings of it is noticed, and nothing of it is taken in.
  @Test func aFileThatChangesIsRefused() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    try city.collect((0..<20).map { ExchangeFixture.row($0 % 3, "\($0)", "x") })
    let package = try #require(try city.database.pack("up").first)
    let folder = try ExchangeFixture.outbox(city)
    let manifest = try city.database.snapshot().write(package, to: folder)
    let whole = [UInt8](
      try Data(contentsOf: URL(fileURLWithPath: folder + ExchangeFixture.file(package, ".jsonl"))))
    let end = try #require(whole.dropLast(1).lastIndex(of: 0x0A))
    for reading in 1...2 {
      var readings = 0
      let receiving = Receiving(province.database, manifest, manifest.files[0], unit: nil) {
        readings += 1
        var piece: [UInt8]? = readings > reading ? Array(whole[...end]) : whole
        return HandedBytes(totalBytes: nil) {
          defer { piece = nil }
          return piece
        }
      }
      do {
        _ = try receiving.run()
        Issue.record("a file that was cut was taken in")
      } catch { #expect("\(error)".contains("changed"), "\(error)") }
    }
    #expect(
      try ExchangeFixture.shown(province).isEmpty && province.database.snapshot().receivedPackages().isEmpty)
  }

  /// The tables of the exchange name nobody: a purge has nothing to look for in them.
  @Test func theTablesNameNobody() async throws {
    let (city, province) = (try ExchangeFixture.sender(), try StoreFixture())
    try city.collect([ExchangeFixture.row(0, "1", "甲"), ExchangeFixture.row(1, "2", "乙")])
    try await ExchangeFixture.send(city, province, limit: 1)
    let package = try #require(try city.database.snapshot().packages(ofRoute: "up").first)
    var ids: [String] = []
    try city.database.snapshot().messages(of: package) { ids.append($0.id) }
    let refused = ids.map { ExchangeReceipt.Line(id: $0, state: .rejected, code: "V09") }
    try city.database.note(ExchangeReceipt(route: "up", package: 1, others: nil, lines: refused))
    for (store, schema) in [
      (city, SystemDatasets.exchangePackages), (city, SystemDatasets.exchangeLines),
      (province, SystemDatasets.exchangeReceived),
    ] {
      var rows = 0
      try DatasetScan(store.database.snapshot().engine, schema: schema).forEach { row in
        rows += 1
        for column in schema.columns.indices where schema.columns[column].type == .text {
          let text = try row.string(column) ?? ""
          for code in StoreFixture.codes { #expect(!text.contains(code)) }
        }
      }
      #expect(rows > 0, "a table without rows shows nothing")
    }
  }
}
