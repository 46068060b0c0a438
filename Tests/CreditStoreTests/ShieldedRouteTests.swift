// Goal: departments and lenders have, after each package, no record of a body that is shielded from sharing, and all of them again once it is over; platforms
// above have everything.
// Method: two stores, random changes of records and shieldings; the receiver is compared with what the sender shows of those who are not shielded. Seeds are
// printed.

import CreditModel
@testable import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct ShieldedRouteTests {
  private static func route(_ purpose: ExchangeRoute.Purpose) -> ExchangeRoute {
    ExchangeRoute(
      code: "up", receiver: "11130300000000019B", purpose: purpose, entries: ["T1"], basis: "企业融资信用服务")
  }

  private func put(
    _ id: String, _ code: String, _ extent: Shielding.Extent = .publicationAndSharing,
    until: String = "2099-12-31",
    endedOn: String? = nil, entries: [String]? = ["T1"], in store: StoreFixture
  ) throws {
    var shielding = Shielding(
      id: id, subject: Identifier(code, as: .unifiedSocialCreditCode), extent: extent, entries: entries,
      ruling: "裁定", document: CaseMaterial(title: "裁定书", sha256: String(repeating: "0", count: 64)),
      from: Day("2020-01-01") ?? .epoch, until: Day(until) ?? .epoch)
    shielding.endedOn = endedOn.flatMap { Day($0) }
    let made = shielding
    _ = try store.database.change("shielding") { snapshot, changes in
      try changes.put(ShieldingDocument.kind, id, made, subjects: [made.subject])
      let known = try snapshot.shieldings().map(\.id).filter { $0 != id }
      try changes.put(ShieldingDocument.listKind, ShieldingDocument.listKind, known + [id])
    }
  }

  private func consent(to code: String, in store: StoreFixture) throws {
    let consent = Consent(
      id: "c-" + code, subject: Identifier(code, as: .unifiedSocialCreditCode), grantee: "11130300000000019B",
      entries: ["T1"], purpose: "企业融资信用服务", grantedOn: Day("2020-01-01") ?? .epoch,
      validUntil: Day("2099-12-31") ?? .epoch, channel: .online, evidence: String(repeating: "a", count: 64))
    _ = try store.database.change("consent") { _, changes in
      try changes.put(ConsentDocument.kind, consent.id, consent, subjects: [consent.subject])
    }
  }

  @Test(arguments: 1...12) func theReceiverHasNothingOfWhoIsShielded(_ seed: Int) async throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: UInt64(seed) + 8_000)
    let purpose: ExchangeRoute.Purpose = [.subscription, .subscription, .authorized, .upward][seed % 4]
    let sender = try ExchangeFixture.sender(Self.route(purpose))
    let receiver = try StoreFixture()
    let codes = StoreFixture.codes.prefix(3)
    if purpose == .authorized { for code in codes { try consent(to: code, in: sender) } }
    var shielded: Set<String> = []
    for _ in 0..<6 {
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        try ExchangeFixture.change(sender, &random)
        let code = codes[Int.random(in: 0..<3, using: &random)]
        switch Int.random(in: 0..<5, using: &random) {
        case 0:
          try put("s-" + code, code, in: sender)
          shielded.insert(code)
        case 1:
          try put("s-" + code, code, endedOn: "2020-02-01", in: sender)
          shielded.remove(code)
        case 2:
          // None of these keeps anything back.
          try put("x1-" + code, code, .publication, in: sender)
          try put("x2-" + code, code, until: "2020-02-01", in: sender)
          try put("x3-" + code, code, entries: ["T2"], in: sender)
        default: break
        }
      }
      if seed.isMultiple(of: 5), Bool.random(using: &random) {
        try sender.database.restart(route: "up", reason: "重新上报")
      }
      let before = try sender.database.snapshot().packages(ofRoute: "up").last?.number ?? 0
      _ = try await ExchangeFixture.send(sender, receiver, limit: Int.random(in: 1...4, using: &random))
      let kept = purpose == .upward ? [] : shielded
      let packages = try sender.database.snapshot().packages(ofRoute: "up").filter {
        $0.number > before && $0.state != .restart
      }
      for package in packages {
        try sender.database.snapshot().messages(of: package) { message in
          if message.operation == .put { #expect(!kept.contains(message.subject.text), "seed \(seed)") }
        }
      }
      let named = purpose == .authorized ? Array(codes) : StoreFixture.codes
      let expected = try ExchangeFixture.shown(sender).filter { line in
        line.hasPrefix("T1 ") && !kept.contains { line.contains(" \($0) ") }
          && (purpose != .authorized || named.contains { line.contains(" \($0) ") })
      }
      let found = try ExchangeFixture.shown(receiver)
      #expect(found == expected, "seed \(seed) \(purpose)")
    }
  }

  /// What the receiver refused to give back, and what went before anybody was shielded, goes again by what is so then.
  @Test func whatGoesAgainIsWhatMayGoThen() async throws {
    let sender = try ExchangeFixture.sender(Self.route(.subscription))
    let code = StoreFixture.codes[0]
    let body = Identifier(code, as: .unifiedSocialCreditCode)
    try sender.collect([ExchangeFixture.row(0, "甲", "一"), ExchangeFixture.row(0, "乙", "二")])
    func refuse(_ package: ExchangePackage) throws {
      try sender.database.noteSent(package.number, of: "up")
      _ = try sender.database.note(
        ExchangeReceipt(route: "up", package: package.number, others: .rejected, lines: []))
    }
    let first = try #require(try sender.database.pack("up").first)
    try refuse(first)
    try put("s", code, in: sender)
    // Refused before, and shielded now: it does not go again.
    #expect(try sender.database.packAgain(first.number, of: "up") == nil)
    let back = try #require(try sender.database.pack("up").first)
    #expect(back.withdrawals == 2)
    try refuse(back)
    let keys = try sender.records(code).map(\.key)
    _ = try sender.database.withdraw("T1", subject: body, key: keys[0], reason: "撤销")
    try put("s", code, endedOn: "2020-02-01", in: sender)
    #expect(try sender.database.pack("up").map(\.puts) == [1])
    // The one that is there again is not taken back any more, the other one is.
    let again = try #require(try sender.database.packAgain(back.number, of: "up"))
    var named: [String] = []
    try sender.database.snapshot().messages(of: again) { message in
      #expect(message.operation == .withdraw)
      named.append(message.key)
    }
    #expect(named == [keys[0]])
    let open = try #require(try sender.records(code).first)
    #expect(open.key == keys[1])
    #expect(try sender.database.snapshot().exchangeStatuses(of: open).map(\.state) == [.packed])
  }

  /// What was left out when the refused changes went again, because its subject was shielded just then, goes the next time they do.
  ///
  /// Refused changes were counted as gone with the first package that repeated them, whether it held them or not: the receiver never got such a record.
  @Test func whatWasLeftOutWhileItWasShieldedGoesLater() async throws {
    let sender = try ExchangeFixture.sender(Self.route(.subscription))
    let codes = StoreFixture.codes
    try sender.collect([ExchangeFixture.row(0, "甲", "一"), ExchangeFixture.row(1, "乙", "二")])
    let first = try #require(try sender.database.pack("up").first)
    try sender.database.noteSent(first.number, of: "up")
    _ = try sender.database.note(
      ExchangeReceipt(route: "up", package: first.number, others: .rejected, lines: []))
    func subjects(_ package: ExchangePackage?) throws -> [String] {
      var subjects: [String] = []
      try sender.database.snapshot().messages(of: try #require(package)) { subjects.append($0.subject.text) }
      return subjects
    }
    try put("s", codes[0], in: sender)
    let second = try sender.database.packAgain(first.number, of: "up")
    #expect(try subjects(second) == [codes[1]])
    // The shielding is over before anything else is packed.
    try put("s", codes[0], endedOn: "2020-02-01", in: sender)
    let third = try sender.database.packAgain(first.number, of: "up")
    #expect(try subjects(third) == [codes[0]])
    #expect(try sender.database.packAgain(first.number, of: "up") == nil)
    // Packages before it are what they were.
    #expect(try subjects(second) == [codes[1]])
  }

  @Test func aShieldingEndsWithItsDayWithoutAnyCommit() async throws {
    let sender = try ExchangeFixture.sender(Self.route(.subscription))
    try sender.collect([ExchangeFixture.row(0, "甲", "一")])
    let (during, after) = (try #require(Day("2030-06-30")), try #require(Day("2030-07-01")))
    #expect(try sender.database.pack("up", limit: 10, on: during).map(\.puts) == [1])
    try put("s", StoreFixture.codes[0], until: "2030-06-30", in: sender)
    let gone = try sender.database.pack("up", limit: 10, on: during)
    #expect(gone.map(\.withdrawals) == [1] && gone.map(\.puts) == [0])
    #expect(try sender.database.pack("up", limit: 10, on: during).isEmpty)
    let back = try sender.database.pack("up", limit: 10, on: after)
    #expect(back.map(\.withdrawals) == [0] && back.map(\.puts) == [1])
    // The first package holds what is shielded now: it is not given again.
    try put("s2", StoreFixture.codes[0], in: sender)
    let first = try #require(try sender.database.snapshot().packages(ofRoute: "up").first)
    let folder = try TemporaryFolder()
    #expect { try sender.database.snapshot().write(first, to: folder.path) } throws: {
      ($0 as? CreditError)?.code == "consentEnded"
    }
  }
}
