// Goal: a platform that gets records by consent has, after each package, the records of those who consent and no others, and never gets one of somebody who
// does not consent any more.
// Method: two stores, random changes of records and consents; the receiver is compared with what the sender shows of those whose consent holds. Seeds are printed.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct AuthorizedRouteTests {
  private static let platform = "11130300000000019B"
  private static let purpose = "企业融资信用服务"
  private static let route = ExchangeRoute(
    code: "up", receiver: platform, purpose: .authorized, entries: ["T1"], basis: purpose)

  private func consent(
    _ id: String, _ code: String, grantee: String = platform, purpose: String = purpose,
    until: String = "2099-12-31", entries: [String] = ["T1"]
  ) -> Consent {
    Consent(
      id: id, subject: Identifier(code, as: .unifiedSocialCreditCode), grantee: grantee, entries: entries,
      purpose: purpose, grantedOn: Day("2020-01-01") ?? .epoch, validUntil: Day(until) ?? .epoch,
      channel: .online, evidence: String(repeating: "a", count: 64))
  }

  private func put(_ consent: Consent, in store: StoreFixture) throws {
    _ = try store.database.change("consent") { _, changes in
      try changes.put(ConsentDocument.kind, consent.id, consent, subjects: [consent.subject])
    }
  }

  private func revoke(_ consent: Consent, in store: StoreFixture) throws {
    var revoked = consent
    revoked.revokedOn = Day("2020-01-02")
    try put(revoked, in: store)
  }

  @Test(arguments: 1...12) func theReceiverHasWhatIsConsentedTo(_ seed: Int) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: UInt64(seed) + 7_000)
    let sender = try ExchangeFixture.sender(Self.route)
    let receiver = try StoreFixture()
    var holding: Set<String> = []
    for _ in 0..<6 {
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        try ExchangeFixture.change(sender, &random)
        let code = StoreFixture.codes[Int.random(in: 0..<3, using: &random)]
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1:
          try put(consent("c-" + code, code), in: sender)
          holding.insert(code)
        case 2:
          try revoke(consent("c-" + code, code), in: sender)
          holding.remove(code)
        case 3:
          // None of these lets anything go.
          try put(consent("x1-" + code, code, grantee: "12130304000000027W"), in: sender)
          try put(consent("x2-" + code, code, purpose: "其他"), in: sender)
          try put(consent("x3-" + code, code, until: "2020-02-01"), in: sender)
          var partial = consent("x4-" + code, code)
          partial.items = ["TEXT"]
          try put(partial, in: sender)
          partial = consent("x5-" + code, code)
          partial.dataFrom = Day("2020-01-01")
          try put(partial, in: sender)
        default: break
        }
      }
      if seed.isMultiple(of: 4), Bool.random(using: &random) {
        try sender.database.restart(route: "up", reason: "重新上报")
      }
      let before = try sender.database.snapshot().packages(ofRoute: "up").last?.number ?? 0
      let taken = try await ExchangeFixture.send(
        sender, receiver, limit: Int.random(in: 1...4, using: &random))
      // The receiver had what is taken back, and nothing else was named to it.
      let packages = try sender.database.snapshot().packages(ofRoute: "up").filter { $0.number > before }
      // A full package takes back without naming.
      if !packages.contains(where: \.isFull) {
        #expect(
          taken.reduce(0) { $0 + $1.withdrawn } == packages.reduce(0) { $0 + $1.withdrawals }, "seed \(seed)")
      }
      for package in packages where package.state != .restart {
        try sender.database.snapshot().messages(of: package) { message in
          if message.operation == .put { #expect(holding.contains(message.subject.text), "seed \(seed)") }
        }
      }
      let expected = try ExchangeFixture.shown(sender).filter { line in
        line.hasPrefix("T1 ") && holding.contains { line.contains(" \($0) ") }
      }
      let found = try ExchangeFixture.shown(receiver)
      #expect(found == expected, "seed \(seed)")
    }
  }

  /// A purge takes a consent out of the past as well, so that nobody could work out what the receiver had by it: everything goes anew, and it takes back
  /// the rest; what stands under a linked identifier, too.
  @Test func aPurgedConsentTakesBackWhatWentByIt() async throws {
    let (sender, receiver) = (try ExchangeFixture.sender(Self.route), try StoreFixture())
    let code = StoreFixture.codes[0]
    let old = Identifier("MA0000015", as: .organizationCode)
    try sender.collect([
      ExchangeFixture.row(0, "甲", "一"), "MA0000015,乙,2021-01-01,1.5,二", ExchangeFixture.row(1, "丙", "三"),
    ])
    try sender.database.link(
      Identifier(code, as: .unifiedSocialCreditCode), old, evidence: .registrationChange, note: "换证", by: "甲")
    try put(consent("c0", code), in: sender)
    try put(consent("c1", StoreFixture.codes[1]), in: sender)
    #expect(try await ExchangeFixture.send(sender, receiver).map(\.loaded) == [3])
    let certificate = try await sender.database.purge(.subject(code), reason: "依申请")
    #expect(certificate.renewedRoutes == ["up"])
    #expect(try await ExchangeFixture.send(sender, receiver).map(\.withdrawn) == [2])
    #expect(try receiver.records(code).isEmpty && receiver.records("MA0000015").isEmpty)
    #expect(try receiver.records(StoreFixture.codes[1]).count == 1)
    let record = try #require(try sender.records("MA0000015").first)
    #expect(try sender.database.snapshot().exchangeStatuses(of: record).map(\.state) == [.withheld])
    // Nobody's consent: nothing has to go anew.
    let other = try await sender.database.purge(.subject("MA0000015"), reason: "依申请")
    #expect(other.renewedRoutes == nil)
  }

  /// What is put together waits in vain for its writing once its route or its entry is closed.
  @Test func whatMayNotGoAnyMoreIsNotWritten() async throws {
    let sender = try ExchangeFixture.sender()
    try sender.collect([ExchangeFixture.row(0, "甲", "一")])
    let package = try #require(try sender.database.pack("up").first)
    let folder = try ExchangeFixture.outbox(sender)
    func code() -> String? {
      do { try sender.database.snapshot().write(package, to: folder) } catch {
        return (error as? CreditError)?.code
      }
      return nil
    }
    #expect(code() == nil)
    var route = ExchangeFixture.route
    route.isActive = false
    try sender.database.publish([route])
    #expect(code() == "routeClosed")
    // Whoever looked at the store before does not write it either.
    let earlier = sender.database.snapshot()
    try sender.database.publish([ExchangeFixture.route])
    #expect(code() == nil)
    route = ExchangeFixture.route
    route.isActive = false
    try sender.database.publish([route])
    #expect(throws: CreditError.self) { try earlier.write(package, to: folder) }
  }

  @Test func aConsentEndsWithItsDayWithoutAnyCommit() async throws {
    let sender = try ExchangeFixture.sender(Self.route)
    let code = StoreFixture.codes[0]
    try sender.collect([ExchangeFixture.row(0, "甲", "一")])
    try put(consent("c", code, until: "2030-06-30"), in: sender)
    let day = try #require(Day("2030-06-30"))
    let first = try sender.database.pack("up", limit: 10, on: day)
    #expect(first.map(\.puts) == [1])
    #expect(try sender.database.pack("up", limit: 10, on: day).isEmpty)
    let second = try sender.database.pack("up", limit: 10, on: try #require(Day("2030-07-01")))
    #expect(second.map(\.withdrawals) == [1] && second.map(\.puts) == [0])
    #expect(try sender.database.pack("up", limit: 10, on: try #require(Day("2030-07-02"))).isEmpty)
    // Both can be put together again as they were.
    for package in first + second {
      var messages: [ExchangeMessage] = []
      try sender.database.snapshot().messages(of: package) { messages.append($0) }
      #expect(messages.map(\.operation) == (package.number == 1 ? [.put] : [.withdraw]))
    }
  }

  @Test func nothingIsWrittenOrSentAgainAfterARevocation() async throws {
    let sender = try ExchangeFixture.sender(Self.route)
    let codes = StoreFixture.codes
    try sender.collect([ExchangeFixture.row(0, "甲", "一"), ExchangeFixture.row(1, "乙", "二")])
    try put(consent("c0", codes[0]), in: sender)
    try put(consent("c1", codes[1]), in: sender)
    let package = try #require(try sender.database.pack("up").first)
    #expect(package.puts == 2)
    let folder = try ExchangeFixture.outbox(sender)
    try sender.database.snapshot().write(package, to: folder)
    try sender.database.noteSent(1, of: "up")
    _ = try sender.database.note(ExchangeReceipt(route: "up", package: 1, others: .rejected))
    try revoke(consent("c0", codes[0]), in: sender)
    let refusal = #expect(throws: CreditError.self) {
      try sender.database.snapshot().write(package, to: folder)
    }
    #expect(refusal?.code == "consentEnded")
    #expect(throws: CreditError.self) { try sender.database.snapshot().messages(of: package) { _ in } }
    // What was refused goes again without the record of the subject that revoked.
    let again = try #require(try sender.database.packAgain(1, of: "up"))
    var subjects: [String] = []
    try sender.database.snapshot().messages(of: again) { subjects.append($0.subject.text) }
    #expect(subjects == [codes[1]])
    // The next package takes the other back, although the receiver never took it: it may have.
    let next = try #require(try sender.database.pack("up").first)
    subjects = []
    try sender.database.snapshot().messages(of: next) {
      // Named, and not given once more.
      #expect($0.operation == .withdraw && Set($0.values.keys) == ["CODE", "NO"])
      subjects.append($0.subject.text)
    }
    #expect(subjects == [codes[0]])
    // How the records stand.
    func status(_ code: String) throws -> ExchangeStatus.State? {
      let snapshot = sender.database.snapshot()
      let record = try #require(try snapshot.records(of: code, entry: "T1").first)
      return try snapshot.exchangeStatuses(of: record).first?.state
    }
    #expect(try status(codes[0]) == .withheld)
    #expect(try status(codes[1]) == .packed)
  }

  @Test func routesSayWhatForAndStayWhatTheyAre() throws {
    let store = try StoreFixture()
    var route = Self.route
    route.basis = nil
    var refusal = #expect(throws: CreditError.self) { try store.database.publish([route]) }
    #expect(refusal?.code == "invalidRoute")
    try store.database.publish([Self.route])
    route = Self.route
    route.purpose = .upward
    refusal = #expect(throws: CreditError.self) { try store.database.publish([route]) }
    #expect(refusal?.code == "invalidRoute")
    route = Self.route
    route.receiver = "12130304000000027W"
    refusal = #expect(throws: CreditError.self) { try store.database.publish([route]) }
    #expect(refusal?.code == "invalidRoute")
    // What subjects have to authorize goes nowhere without a law or their consent.
    refusal = #expect(throws: CreditError.self) {
      try store.database.publish([
        ExchangeRoute(code: "law", receiver: "省", purpose: .upward, entries: ["XYD-YDXX"])
      ])
    }
    #expect(refusal?.code == "notShared")
    try store.database.publish([
      ExchangeRoute(code: "law", receiver: "省", purpose: .upward, entries: ["XYD-YDXX"], basis: "某条例第一条")
    ])
    // Without a record key nothing could be taken back without giving it once more.
    route = Self.route
    (route.code, route.entries) = ("keyless", ["T0"])
    refusal = #expect(throws: CreditError.self) { try store.database.publish([route]) }
    #expect(refusal?.code == "notShared")
    // Another purpose is another consent: those given for the first do not count for it.
    try store.collect([ExchangeFixture.row(0, "甲", "一")])
    try put(consent("c", StoreFixture.codes[0]), in: store)
    #expect(try store.database.pack("up").map(\.puts) == [1])
    route = Self.route
    route.basis = "贷后管理"
    try store.database.publish([route])
    #expect(try store.database.pack("up").map(\.withdrawals) == [1])
  }

  /// A record that came when its subject did not consent any more is never named, whatever windows without a change lay between.
  @Test func whatWasNeverGivenIsNotNamed() async throws {
    let sender = try ExchangeFixture.sender(Self.route)
    let (leaving, staying) = (StoreFixture.codes[0], StoreFixture.codes[1])
    try sender.collect([ExchangeFixture.row(1, "一", "甲")])
    try put(consent("c0", leaving), in: sender)
    try put(consent("c1", staying), in: sender)
    #expect(try sender.database.pack("up").map(\.puts) == [1])
    try revoke(consent("c0", leaving), in: sender)
    for number in 0..<4 { try sender.collect([ExchangeFixture.row(0, "号\(number)", "乙")]) }
    try sender.collect([ExchangeFixture.row(1, "二", "丙")])
    let packages = try sender.database.pack("up", limit: 1)
    var subjects: [String] = []
    for package in packages {
      try sender.database.snapshot().messages(of: package) { subjects.append($0.subject.text) }
    }
    #expect(subjects == [staying])
  }

  /// A consent for a category counts while the entry belongs to it.
  @Test func anEntryThatChangesItsCategoryIsTakenBack() async throws {
    let sender = try ExchangeFixture.sender(Self.route)
    let code = StoreFixture.codes[0]
    try sender.collect([ExchangeFixture.row(0, "一", "甲")])
    var entry = try sender.database.catalogue.entry("T1").entry
    var given = consent("c0", code, entries: [])
    given.categories = [entry.category]
    try put(given, in: sender)
    #expect(try sender.database.pack("up").map(\.puts) == [1])
    entry.category = "honour"
    entry.version += 1
    try sender.database.catalogue.publish([entry])
    let next = try sender.database.pack("up")
    #expect(next.map(\.withdrawals) == [1] && next.map(\.puts) == [0])
  }
}
