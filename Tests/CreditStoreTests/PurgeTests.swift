// Goal: what was purged is in no file any more and in no answer, of now or of the past; everything else reads as before.
// The bytes are looked for by a walk of its own over the files, before and after, so that the test sees them disappear.

import CreditModel
@testable import CreditStore
import Foundation
import SegmentStore
import TestSupport
import Testing

@Suite struct PurgeTests {
  private static let person = "130302199001010016"
  private static let other = "13030219900101018X"

  /// What must be found nowhere: the number, its key as fences and footers hold it (leaves hold differences), and what only this person's rows say.
  private static var needles: [[UInt8]] {
    [Array(person.utf8), Array("王小明之罚单".utf8), Array("申请人王小明".utf8), key]
  }

  private static var key: [UInt8] {
    let identifier = Identifier(person, as: .citizenIdentityNumber)
    let raw = SubjectKey(identifier, digest: SubjectKey.digest)?.rawValue ?? 0
    return (0..<16).map { UInt8(truncatingIfNeeded: raw >> UInt128(8 * $0)) }
  }

  private struct City {
    let fixture: StoreFixture

    init() throws { fixture = try StoreFixture() }

    func collect() throws {
      var rows: [String] = []
      for index in 0..<400 {
        let subject = index.isMultiple(of: 40) ? PurgeTests.person : StoreFixture.codes[index % 3]
        let text = index.isMultiple(of: 40) ? "王小明之罚单\(index)" : "普通内容\(index % 7)"
        rows.append(
          "\(subject),号\(index),2021-01-\(index % 28 + 10 > 28 ? 11 : index % 28 + 1),\(index),\(text)")
      }
      rows.append("\(PurgeTests.other),号x,2021-02-02,1,别人")
      try fixture.collect(rows)
      // The same again: nothing of it is loaded, but the words of another segment know of it.
      try fixture.collect(
        rows + (0..<6000).map { "\(StoreFixture.codes[0]),新\($0),2021-03-01,1,后来\($0 % 50)" })
      // Small ones, which pass through the journal.
      try fixture.collect(["\(PurgeTests.person),小,2021-05-05,1,王小明之罚单小"])
      try fixture.collect(["\(PurgeTests.person),,2021-05-05,1,王小明之罚单无"], entry: "T0")
      // Somebody else's record names the person; rows set aside do too, in three ways of writing.
      try fixture.collect(["\(StoreFixture.codes[1]),提,2021-05-05,1,见\(PurgeTests.person)"])
      try fixture.collect([
        "\(PurgeTests.person),坏1,不是日期,1,王小明之罚单坏", "\(StoreFixture.codes[2]),坏2,不是日期,1,无关",
        "１３０３０２１９９００１０１００１６,坏3,不是日期,1,王小明之罚单坏",
      ])
      // Bytes that are no text, behind the first MiB, which is decoded to tell the encoding.
      let filler = String(repeating: "\(StoreFixture.codes[0]),新0,2021-03-01,1,后来\n", count: 24_000)
      var bytes = Array(("CODE,NO,DAY,AMOUNT,TEXT\n" + filler + "\(PurgeTests.person),坏4,2021-01-01,1,").utf8)
      bytes += [0xFF, 0xFE, 0x0A]
      try fixture.collect(data: Data(bytes), encoding: .utf8)
      let subject = Identifier(PurgeTests.person, as: .citizenIdentityNumber)
      _ = try fixture.database.correct(
        "T1", subject: subject, key: "号40", reason: "申请人王小明", changes: ["TEXT": .text("王小明之罚单改")])
      _ = try fixture.database.withdraw("T1", subject: subject, key: "号80", reason: "申请人王小明撤销")
    }

    /// Everything about everybody else at some commits.
    func others() throws -> [String] {
      var lines: [String] = []
      for commit in [3, 4, 5, 9, 11] {
        for subject in StoreFixture.codes + [PurgeTests.other] {
          let snapshot = fixture.database.snapshot(asOf: UInt64(commit))
          for record in try snapshot.records(of: subject, versions: .history) {
            lines.append(
              "\(commit) \(record.entry.code) \(record.key) \(record.version) \(record.state) \(record.commit) \(record.until ?? 0) \(record.values.map { $0?.canonicalText ?? "-" })"
            )
          }
        }
      }
      return lines
    }
  }

  @Test(arguments: [false, true]) func aPurgedSubjectIsInNoFile(isCompacted: Bool) async throws {
    let city = try City()
    let database = city.fixture.database
    try city.collect()
    if isCompacted { _ = try await database.compact() }
    let before = try city.others()
    #expect(try !StoreBytes.files(of: city.fixture.path, holding: Self.needles).isEmpty)
    let preview = try await database.previewPurge(.subject(Self.person))
    let certificate = try await database.purge(.subject(Self.person), reason: "依申请删除")
    #expect(certificate.figures == preview)
    #expect(certificate.figures.entries.map(\.entry) == ["T0", "T1"])
    #expect(certificate.figures.records == 12 && certificate.figures.versions == 14)
    #expect(certificate.figures.setAside == 3 && certificate.figures.rawRows == 3)
    #expect(certificate.figures.batches == 2)
    #expect(certificate.figures.mentions == [.init(entry: "T1", records: 1, versions: 1)])
    #expect(certificate.rowsSearched > 700)
    #expect(!certificate.scope.contains(Self.person) && certificate.scope.contains("130302********0016"))
    // The record of somebody else names the person: its bytes stay, and nothing else does. The text is a name by which that subject is
    // searched, so it stands in the index too.
    let mention = try StoreBytes.files(of: city.fixture.path, holding: [Array(Self.person.utf8)])
    #expect(mention.count == 1 && mention.first?.hasSuffix(": 2") ?? false, "\(mention)")
    #expect(try StoreBytes.files(of: city.fixture.path, holding: Array(Self.needles.dropFirst())).isEmpty)
    for commit in [3, 5, database.snapshot().commit] {
      #expect(try database.snapshot(asOf: commit).records(of: Self.person, versions: .history).isEmpty)
    }
    #expect(try city.others() == before)
    // Rows set aside that name nobody else are still there.
    #expect(try city.fixture.rules(ofBatch: 8).count == 1)
    #expect(try database.verify().faults.isEmpty)
    try database.close()
    let reader = try CreditDatabase(opening: city.fixture.path, mode: .readOnly)
    #expect(try reader.snapshot().records(of: Self.person, versions: .history).isEmpty)
    #expect(try reader.verify().faults.isEmpty)
  }

  /// The name of a file may hold a number. The batch keeps its unit and its receipt, for the past too.
  @Test func theNameOfAFileIsForgotten() async throws {
    let fixture = try StoreFixture()
    let file = try fixture.folder.write(
      "罚单-\(Self.person).csv",
      Data("CODE,NO,DAY,AMOUNT,TEXT\n\(Self.person),a,,1,x\n\(Self.other),b,,1,y\n".utf8))
    let receipt = try fixture.database.collectBlocking(.csv(file), for: "T1", from: StoreFixture.codes[0])
    #expect(receipt.loaded == 2)
    let certificate = try await fixture.database.purge(.subject(Self.person), reason: "依申请删除")
    #expect(certificate.figures.batches == 1)
    #expect(try StoreBytes.files(of: fixture.path, holding: [Array(Self.person.utf8)]).isEmpty)
    for commit in [receipt.commit, fixture.database.snapshot().commit] {
      let snapshot = fixture.database.snapshot(asOf: commit)
      let units = try snapshot.aggregate(AggregateQuery(entries: ["T1"], groups: [.init(parsing: "$unit")]))
      #expect(units.rows.map(\.group) == [[.text(StoreFixture.codes[0])]])
    }
  }

  @Test func oneRecordGoesWithItsVersions() async throws {
    let fixture = try StoreFixture()
    let code = StoreFixture.codes[0]
    let subject = Identifier(code, as: .unifiedSocialCreditCode)
    for entry in ["T1", "T0"] {
      try fixture.collect(["\(code),a,2021-01-01,1,秘密甲", "\(code),b,2021-01-01,2,公开乙"], entry: entry)
    }
    for entry in ["T1", "T0"] {
      let first = try #require(try fixture.records(code, entry: entry).first { $0["NO"] == .text("a") })
      _ = try fixture.database.correct(
        entry, subject: subject, key: first.key, reason: "更正", changes: ["TEXT": .text("秘密改")])
      let second = try #require(try fixture.records(code, entry: entry).first { $0["NO"] == .text("a") })
      _ = try fixture.database.correct(
        entry, subject: subject, key: second.key, reason: "更正", changes: ["TEXT": .text("秘密再")])
      // Any version of a record without key names it.
      let certificate = try await fixture.database.purge(
        .record(entry: entry, subject: subject, key: entry == "T1" ? "a" : second.key), reason: "法院判决")
      #expect(certificate.figures.entries == [.init(entry: entry, records: 1, versions: 3)])
      let left = try fixture.records(code, .history, entry: entry)
      #expect(left.map { $0["TEXT"] } == [.text("公开乙")])
    }
    #expect(
      try StoreBytes.files(
        of: fixture.path, holding: ["秘密甲", "秘密改", "秘密再"].map { Array($0.utf8) }
      ).isEmpty)
    #expect(try fixture.database.verify().faults.isEmpty)
  }

  @Test func recordsWhoseTimeIsOverGo() async throws {
    let fixture = try StoreFixture()
    let code = StoreFixture.codes[0]
    try fixture.collect([
      "\(code),旧,2015-12-31,1,过期", "\(code),新,2016-01-01,1,留", "\(code),缺,,1,留", "\(code),变,2015-01-01,1,留",
    ])
    // The date was corrected since: the record's time is not over, so its old version stays too.
    try fixture.collect(["\(code),变,2020-01-01,1,留"])
    let day = try #require(Day(year: 2016, month: 1, day: 1))
    let certificate = try await fixture.database.purge(.expired(entry: "T1", before: day), reason: "保存期届满")
    #expect(certificate.figures.records == 1 && certificate.figures.versions == 1)
    let keys = try fixture.records(code, .history).map(\.key)
    #expect(Set(keys) == ["新", "缺", "变"] && keys.count == 4)
    let again = await #expect(throws: CreditError.self) {
      try await fixture.database.purge(.expired(entry: "T1", before: day), reason: "保存期届满")
    }
    #expect(again?.code == "nothingToPurge")
  }

  @Test func whatCannotBePurgedIsRefused() async throws {
    let fixture = try StoreFixture()
    try fixture.collect(["\(Self.person),a,2021-01-01,1,x"])
    func code(_ scope: PurgeScope, _ reason: String) async -> String? {
      do {
        _ = try await fixture.database.purge(scope, reason: reason)
        return nil
      } catch { return (error as? CreditError)?.code }
    }
    #expect(await code(.subject(Self.other), "x") == "nothingToPurge")
    #expect(await code(.subject(Self.person), "") == "reasonMissing")
    #expect(await code(.subject(Self.person), "因１３０３０２１９９００１０１００１６申请") == "reasonNamesSubject")
    #expect(await code(.expired(entry: "NONE", before: .epoch), "x") == "unknownEntry")
    var undated = StoreFixture.entry
    (undated.code, undated.eventDate) = ("T2", nil)
    _ = try fixture.database.catalogue.publish(undated)
    #expect(await code(.expired(entry: "T2", before: .epoch), "x") == "noEventDate")
    #expect(fixture.database.snapshot().commit == 4)
    try fixture.database.close()
    let reader = try CreditDatabase(opening: fixture.path, mode: .readOnly)
    let refused = await #expect(throws: CreditError.self) {
      try await reader.purge(.subject(Self.person), reason: "x")
    }
    #expect(refused?.code == "readOnly")
  }

  @Test func backupsOlderThanThePurgeAreNamed() async throws {
    let fixture = try StoreFixture()
    let secret = [Array("王小明之罚单".utf8)]
    try fixture.collect(["\(Self.person),a,2021-01-01,1,王小明之罚单", "\(Self.other),b,2021-01-01,1,y"])
    let (first, second) = (fixture.folder.path("backup1"), fixture.folder.path("backup2"))
    for path in [first, second] { #expect(try await fixture.database.backup(to: path).isNoted) }
    let certificate = try await fixture.database.purge(.subject(Self.person), reason: "依申请删除")
    #expect(certificate.backups.map(\.path) == [first, second])
    #expect(try StoreBytes.files(of: first, holding: secret).count == 1)
    // Brought up to date, a backup no longer holds it, and is no longer named.
    _ = try await fixture.database.backup(to: first)
    #expect(try StoreBytes.files(of: first, holding: secret).isEmpty)
    try fixture.collect(["\(Self.person),a,2021-01-01,1,x"])
    let next = try await fixture.database.purge(.subject(Self.person), reason: "依申请删除")
    #expect(next.backups.map(\.path) == [second, first])
  }

  /// A backup was only noted when it was done: a purge that ended meanwhile did not name it.
  @Test func aBackupIsNotedBeforeItIsMade() async throws {
    let fixture = try StoreFixture()
    try fixture.collect(["\(Self.person),a,2021-01-01,1,x", "\(Self.other),b,2021-01-01,1,y"])
    let path = fixture.folder.path("backup")
    _ = try await fixture.database.compact()
    // What was refused is no copy: neither the store itself nor a folder with something else is noted.
    let other = fixture.folder.path("other")
    try FileManager.default.createDirectory(atPath: other + "/x", withIntermediateDirectories: true)
    for refused in [fixture.path, other] {
      #expect(throws: StoreError.self) { try fixture.database.engine.backup(to: refused) }
    }
    #expect(try fixture.database.knownBackups().isEmpty)
    let cancelled = #expect(throws: StoreError.self) {
      try fixture.database.engine.backup(to: path, isCancelled: { true })
    }
    #expect(cancelled?.code == .cancelled)
    #expect(try fixture.database.knownBackups().map(\.commit) == [0])
    let certificate = try await fixture.database.purge(.subject(Self.person), reason: "依申请删除")
    #expect(certificate.backups.map(\.path) == [path])
    // Done, it stands behind the purge.
    _ = try await fixture.database.backup(to: path)
    #expect(try fixture.database.knownBackups().map(\.commit) == [fixture.database.snapshot().commit])
  }

  /// A purge that died between two rounds left rows set aside whose raw row was gone: the rest of their batch could not be read.
  @Test func aRowWithoutItsRawRowIsShownWithoutIt() throws {
    let fixture = try StoreFixture()
    let rows = ["\(Self.person),坏1,不是日期,1,x", "\(StoreFixture.codes[2]),坏2,不是日期,1,y"]
    let receipt = try fixture.collect(rows)
    let engine = fixture.database.engine
    let schema = SystemDatasets.rawRows
    var gone: [RowAddress] = []
    try engine.compact()
    try DatasetScan(engine.snapshot(), schema: schema).forEach { row in
      let text = String(decoding: try row.text(1) ?? [], as: UTF8.self)
      if text.contains(Self.person) { gone.append(row.address) }
    }
    let selection = PurgeSelection(rows: DroppedRows(gone), datasets: [schema.dataset])
    let result = try engine.purge { (_) throws(StoreError) in selection }
    #expect(result?.rows == 1)
    let left = try fixture.database.snapshot().setAsideRows(ofBatch: receipt.batch)
    #expect(left.count == 2)
    guard case .missing = left[0].raw, case .object = left[1].raw else {
      Issue.record("the first row has no raw row any more, the second has")
      return
    }
    // Sent again, the row is kept again, and the old one has its raw row back.
    try fixture.collect(rows)
    guard case .object = try fixture.database.snapshot().setAsideRows(ofBatch: receipt.batch)[0].raw else {
      Issue.record("the raw row was not stored again")
      return
    }
  }

  /// Three stories in one: while segments were written anew, a file sent rows again that were being purged (its words stayed in a dictionary), a new row
  /// of the subject came, and a backup was made, which the certificate did not name.
  @Test func whatComesInMeanwhileIsPurgedToo() async throws {
    let fixture = try StoreFixture()
    let secret = [Array("王小明之罚单".utf8)]
    let rows = ["\(Self.person),a,2021-01-01,1,王小明之罚单"]
    try fixture.collect(rows + (0..<5000).map { "\(StoreFixture.codes[0]),甲\($0),2021-01-01,1,内容\($0 % 9)" })
    let isDone = Guarded<Bool>(false)
    let backup = fixture.folder.path("backup")
    let certificate = try await fixture.database.purge(.subject(Self.person), reason: "依申请删除") { share in
      guard share > 0.3, share < 1,
        isDone.withLock({ done in
          defer { done = true }; return !done
        })
      else { return }
      do {
        try fixture.collect(
          rows + (0..<6000).map { "\(StoreFixture.codes[1]),乙\($0),2021-01-01,1,内容\($0 % 9)" })
        try fixture.collect(["\(Self.person),b,2021-01-01,1,王小明之罚单二"])
        _ = try fixture.database.engine.backup(to: backup)
      } catch { Issue.record("\(error)") }
    }
    #expect(isDone.withLock { $0 })
    #expect(try fixture.records(Self.person, .history).isEmpty)
    #expect(try StoreBytes.files(of: fixture.path, holding: secret).isEmpty)
    #expect(certificate.figures.versions == 2 && certificate.backups.map(\.path) == [backup])
    #expect(try fixture.records(StoreFixture.codes[1]).count == 6000)
    #expect(try fixture.database.verify().faults.isEmpty)
  }

  @Test func mentionsAreFoundHoweverTheyAreWritten() {
    let mention = IdentifierMention([Self.person])
    for text in [
      Self.person, "身份证\(Self.person)号", "130302 19900101 0016", "130302-1990-0101-0016",
      "１３０３０２１９９００１０１００１６", "\"\(Self.person)\"", "130302900101001", "1303\(Self.person)，\(Self.person)",
    ] { #expect(mention.isIn(text), "\(text)") }
    for text in [
      "", "130302", "1\(Self.person)", "\(Self.person)1", "A\(Self.person)", "13030219900101001",
      "130302199001010017",
    ] {
      #expect(!mention.isIn(text), "\(text)")
    }
    // Many longer numbers in one raw row of a hostile file: each place is looked at once, not the whole text for each.
    #expect(!mention.isIn(String(repeating: "1\(Self.person)1 ", count: 60_000)))
    // An organisation code stands inside the credit code of the same body, which is another identifier.
    #expect(!IdentifierMention(["MA0000015"]).isIn("91130302MA0000015N"))
    #expect(IdentifierMention(["MA0000015"]).isIn("代码MA000001-5"))
    #expect(IdentifierMention(["13030219900101018X"]).isIn("13030219900101018x"))
    // Too short to mean anything, or a name, or a date.
    #expect(IdentifierMention(["北京华联商厦"]).isEmpty && IdentifierMention(["20210101"]).isEmpty)
    #expect(IdentifierMention(["A1"]).isEmpty)
    // The old form of 15 digits finds the new one.
    #expect(IdentifierMention(["130302900101001"]).isIn(CitizenForms.upgraded("130302900101001")))
  }
}

private enum CitizenForms {
  static func upgraded(_ text: String) -> String {
    (try? CitizenIdentityNumber(text, on: CreditDatabase.today()))?.upgraded ?? ""
  }
}
