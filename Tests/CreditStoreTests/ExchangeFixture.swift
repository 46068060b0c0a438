// Owns what the tests of exchange share: a store that sends, one that receives, and what both show.

import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

enum ExchangeFixture {
  static let route = ExchangeRoute(
    code: "up", receiver: "河北省公共信用信息平台", purpose: .upward, entries: ["T1", "T0"])

  static func sender(_ route: ExchangeRoute = ExchangeFixture.route) throws -> StoreFixture {
    let store = try StoreFixture()
    try store.database.publish([route])
    return store
  }

  static func row(_ code: Int, _ number: String, _ text: String) -> String {
    "\(StoreFixture.codes[code]),\(number),2021-01-01,1.5,\(text)"
  }

  static func outbox(_ store: StoreFixture) throws -> String {
    let folder = store.folder.path("outbox")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  static func file(_ package: ExchangePackage, _ ending: String) -> String {
    "/" + package.fileName + ending
  }

  /// Packs, writes, takes in on the other side, and notes the receipt.
  @discardableResult
  static func send(
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
  static func shown(_ store: StoreFixture) throws -> [String] {
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

  /// One random change of a store.
  static func change(_ store: StoreFixture, _ random: inout SeededGenerator) throws {
    // Few values, so that records return to what they were, and take what others had.
    let text = "值\(Int.random(in: 0..<4, using: &random))"
    let code = Int.random(in: 0..<3, using: &random)
    let entry = Bool.random(using: &random) ? "T1" : "T0"
    let all = try store.records(StoreFixture.codes[code], .currentAndWithdrawn, entry: entry)
    guard Int.random(in: 0..<3, using: &random) > 0, let record = all.randomElement(using: &random) else {
      let rows = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        row(code, "号\(Int.random(in: 0..<4, using: &random))", text)
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
        "closed",
      ]
      #expect(expected.contains(error.code), "\(error)")
    }
  }
}
