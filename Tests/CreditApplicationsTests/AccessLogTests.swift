// Goal: every look is in the log, nobody can change it unseen, and no process that dies takes more with it than what was not answered or some lines at most.
// Method: files and rows are changed on purpose, in every line; hashes are worked out here once more from the fields.

@testable import CreditApplications
import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct AccessLogTests {
  private static let body = PlatformFixture.body

  private func files(_ fixture: PlatformFixture) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: fixture.path + "/log").sorted()
  }

  @Test func everyLookIsInTheLog() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    let session = try fixture.session("clerk", .counter, purpose: "许可 130302199001010016")
    for _ in 0..<5 { _ = try session.records(of: Self.body) }
    _ = try session.check([Self.body, "92130303MA0000023W"])
    let lines = try fixture.keeper.accesses(to: Self.body)
    #expect(
      lines.filter { $0.action == .query }.count == 5 && lines.filter { $0.action == .screen }.count == 1)
    #expect(
      lines.allSatisfy { $0.account == "clerk" && $0.unit == PlatformFixture.market && $0.caseNumber == "1" })
    // Nothing in the files names anybody.
    for name in try files(fixture) {
      let text = try String(contentsOfFile: fixture.path + "/log/" + name, encoding: .utf8)
      #expect(!text.contains(Self.body) && !text.contains("130302199001010016"))
      let mode = try FileManager.default.attributesOfItem(atPath: fixture.path + "/log/" + name)[
        .posixPermissions]
      #expect(mode as? Int == 0o600)
    }
    try fixture.platform.close()
    #expect(try files(fixture).isEmpty, "closing folds the log into the store")
    // It says the same from the store, to another platform.
    let again = try CreditPlatform(opening: fixture.path, mode: .shared(), options: fixture.options)
    let keeper = try again.keeperSession(name: "t", purpose: "测试")
    #expect(try keeper.accesses(to: Self.body).filter { $0.account == "clerk" } == lines)
    let uses = try keeper.use().filter { $0.portal == .counter && $0.action == .screen }
    #expect(uses.map { [$0.allowed, $0.subjects] } == [[1, 2]])
    let verified = try again.verifyLog()
    #expect(verified.isSound && verified.lines > 6 && verified.foldedFiles == 1)
    #expect(try again.verifyLog(expecting: verified.head).isSound)
    #expect(try !again.verifyLog(expecting: String(repeating: "0", count: 64)).isSound)
    try again.close()
  }

  /// Each byte of each line, lines left out, put in, exchanged: all are seen, and the file is not folded.
  @Test func changedFilesAreSeen() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    let session = try fixture.session("clerk", .counter)
    for _ in 0..<4 { _ = try session.records(of: Self.body) }
    try fixture.platform.log.seal()
    let name = try #require(try files(fixture).first)
    let path = fixture.path + "/log/" + name
    let original = try Data(contentsOf: URL(fileURLWithPath: path))
    let lines = original.split(separator: 0x0A, omittingEmptySubsequences: true).map { Data($0) }
    func check(_ data: Data, _ what: String) throws {
      try data.write(to: URL(fileURLWithPath: path))
      let found = try fixture.platform.verifyLog()
      #expect(!found.isSound, "\(what)")
      #expect(throws: CreditError.self, "\(what)") { try fixture.platform.foldLog() }
    }
    func joined(_ lines: [Data]) -> Data { Data(lines.joined(separator: [0x0A])) + [0x0A] }
    for (number, line) in lines.enumerated() {
      // Digits of numbers and letters of words, not the punctuation of JSON.
      for place in stride(from: 9, to: line.count - 2, by: 7) where line[line.startIndex + place] >= 0x30 {
        var changed = lines
        changed[number][changed[number].startIndex + place] ^= 1
        let text = String(decoding: changed[number], as: UTF8.self)
        // A key that is another word is a field that is not there: for optional ones that is absence.
        try check(joined(changed), "line \(number) byte \(place): \(text.prefix(40))")
      }
      if number + 1 < lines.count {
        var changed = lines
        changed.remove(at: number)
        try check(joined(changed), "line \(number) left out")
        changed = lines
        changed.swapAt(number, number + 1)
        try check(joined(changed), "lines \(number) and the next exchanged")
      }
      var changed = lines
      changed.insert(line, at: number)
      try check(joined(changed), "line \(number) twice")
    }
    // The last line torn: nobody was told that it was written.
    try (original.dropLast(5)).write(to: URL(fileURLWithPath: path))
    #expect(try fixture.platform.verifyLog().isSound)
    try original.write(to: URL(fileURLWithPath: path))
    #expect(try fixture.platform.foldLog() == lines.count - 1)
    try fixture.platform.close()
  }

  /// Rows of the log that are changed in the store below do not pass either.
  @Test func changedRowsAreSeen() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    let session = try fixture.session("clerk", .counter)
    for _ in 0..<3 { _ = try session.records(of: Self.body) }
    try fixture.platform.log.seal()
    try fixture.platform.foldLog()
    #expect(try fixture.platform.verifyLog().isSound)
    let database = fixture.platform.database
    let schema = SystemDatasets.accessLog
    let row = try #require(
      try database.snapshot().engine.currentRows(
        of: SystemDatasets.key(
          digest: ContentDigest.bytes(
            hex: fixture.platform.log.hash(of: Identifier(Self.body, as: .unifiedSocialCreditCode))) ?? []),
        schema: schema
      ).first)
    _ = try database.engine.write { transaction in transaction.supersede(row.address) }
    let found = try fixture.platform.verifyLog()
    #expect(!found.isSound && found.faults.count == 2, "\(found)")
    try fixture.platform.close()
  }

  /// The file of a process that died is folded by the next one; of one that lives it is left alone.
  @Test func filesOfOthersAreFolded() throws {
    let fixture = try PlatformFixture(waitsForLog: true)
    try fixture.enterAccounts()
    _ = try fixture.session("clerk", .counter).records(of: Self.body)
    let other = try CreditPlatform(
      opening: fixture.path, mode: .shared(waitSeconds: 20, idleSeconds: 0), options: fixture.options)
    let before = try files(fixture)
    #expect(try other.foldLog() == 0 && files(fixture) == before)
    try fixture.platform.log.seal()
    #expect(try other.foldLog() > 0 && files(fixture).isEmpty)
    #expect(try other.verifyLog().isSound)
    try other.close()
    try fixture.platform.close()
  }

  /// The chain is SHA-256 over the hash before and the fields, each with its length.
  @Test func theChainIsWhatItIsSaidToBe() throws {
    let entry = AccessLogEntry(
      sequence: 1, instant: 5, account: "a", unit: nil, roles: ["r"], portal: .counter, terminal: nil,
      action: .query,
      purpose: "p", caseNumber: nil, subjects: ["00ff"], entries: [], rows: 2, consent: nil,
      outcome: "allowed")
    func text(_ text: String) -> [UInt8] {
      [1] + (0..<8).map { UInt8(truncatingIfNeeded: UInt64(text.utf8.count) >> (8 * $0)) } + Array(text.utf8)
    }
    let bytes: [[UInt8]] = [
      text("1"), text("5"), text("a"), [0], text("1"), text("r"), text("counter"), [0], text("query"),
      text("p"), [0],
      text("1"), text("00ff"), text("0"), text("2"), [0], text("allowed"),
    ]
    let head = [UInt8](repeating: 7, count: 32)
    let key: [UInt8] = [9, 9]
    let expected = SHA256.hash(key + SHA256.hash(key + head + bytes.flatMap { $0 }))
    #expect(LogChain.next(entry, after: head, key: key) == expected)
  }

  /// Once the log is closed nobody gets an answer that is not logged.
  @Test func nothingIsAnsweredThatCannotBeLogged() throws {
    let fixture = try PlatformFixture()
    try fixture.enterAccounts()
    let session = try fixture.session("clerk", .counter)
    _ = try session.records(of: Self.body)
    try fixture.platform.log.close()
    #expect { try session.records(of: Self.body) } throws: { ($0 as? CreditError)?.code == "closed" }
  }

  /// Lines that the disk did not take are told to whoever waits for them, and nothing is appended behind them.
  @Test func aDiskThatFailsEndsTheLog() throws {
    let folder = try TemporaryFolder()
    let files = FaultyFileSystem(PosixFileSystem())
    let log = try LogFile(path: folder.path("a.jsonl"), files: files)
    let first = try log.append(Array("1\n".utf8))
    try log.waitUntilSynced(first)
    files.fail { call, _ in call == .sync }
    let second = try log.append(Array("2\n".utf8))
    #expect { try log.waitUntilSynced(second) } throws: { ($0 as? CreditError)?.code == "inputOutput" }
    files.fail(nil)
    #expect(throws: CreditError.self) { try log.append(Array("3\n".utf8)) }
    #expect(throws: CreditError.self) { try log.close() }
    #expect(try String(contentsOfFile: folder.path("a.jsonl"), encoding: .utf8).hasPrefix("1\n"))
  }
}
