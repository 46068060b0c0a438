// Goal: a store written as format version 1 says the same for ever: what it was made of is still read, by every way of opening, and after it was worked on.
// Method: a store that was put aside when the format was declared frozen, with what it said then; the same inputs give the same answers when a store is made
// of them today, so that the list of answers is not merely what a wrong reader reads. CREDIT_WRITE_GOLDEN=1 makes the folder, once for each format version.

import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct GoldenFormatTests {
  private static let store = GoldenStore.folder + "/city"
  private static let list = GoldenStore.folder + "/city.txt"

  /// Makes the folder where it is asked to, and then only where there is none.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["CREDIT_WRITE_GOLDEN"] == "1"))
  func write() async throws {
    try #require(!FileManager.default.fileExists(atPath: Self.store), "format version 1 is frozen")
    let made = try await GoldenStore.make()
    let answers = try GoldenStore.answers(made.database)
    // Copied while it is open: its journal was not closed.
    try FileManager.default.copyItem(atPath: made.path, toPath: Self.store)
    try Data((answers.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: Self.list))
  }

  private func expected() throws -> [String] {
    try String(contentsOfFile: Self.list, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  /// A copy of the store that may be written to.
  private func copy(into folder: TemporaryFolder) throws -> String {
    let path = folder.path("store")
    try FileManager.default.copyItem(atPath: Self.store, toPath: path)
    return path
  }

  private func compare(_ found: [String], _ expected: [String], _ what: String) {
    #expect(found.count == expected.count, "\(what)")
    // Said in few words: the lines are many.
    let differences = zip(found, expected).filter { $0 != $1 }
    #expect(differences.isEmpty, "\(what): \(differences.count), \(differences.prefix(3))")
  }

  @Test func theFrozenStoreSaysWhatItSaid() async throws {
    let folder = try TemporaryFolder()
    let path = try copy(into: folder)
    let expected = try expected()
    let reading = try CreditDatabase(opening: path, mode: .readOnly)
    compare(try GoldenStore.answers(reading), expected, "read only")
    try reading.close()
    let writing = try CreditDatabase(opening: path, mode: .readWrite())
    #expect(writing.discardedTailBytes == 0)
    compare(try GoldenStore.answers(writing), expected, "read and write")
    let verified = try writing.verify()
    #expect(verified.faults.isEmpty)
    _ = try await writing.compact()
    compare(try GoldenStore.answers(writing), expected, "merged")
    try writing.close()
    let still = try CreditDatabase(opening: path, mode: .immutable)
    compare(try GoldenStore.answers(still), expected, "immutable")
  }

  /// New commits stand beside the old ones.
  @Test func theFrozenStoreIsWrittenTo() throws {
    let folder = try TemporaryFolder()
    let path = try copy(into: folder)
    let before = try expected().filter { $0.hasPrefix("record T1") }
    let database = try CreditDatabase(opening: path, mode: .readWrite())
    let file = try folder.write(
      "new.csv", "CODE,NO,DAY,AMOUNT,TEXT\n\(StoreFixture.codes[0]),新,2025-01-01,1,新\n")
    let receipt = try database.collectBlocking(.csv(file), for: "T1")
    #expect(receipt.loaded == 1)
    let again = try database.collectBlocking(.csv(file), for: "T1")
    #expect(again.duplicate == 1)
    let after = try GoldenStore.answers(database).filter { $0.hasPrefix("record T1") }
    #expect(Set(before).isSubset(of: after) && after.count == before.count + 1)
    #expect(try database.verify().faults.isEmpty)
  }

  /// What inputs mean otherwise since: a row with neither key nor subject is questionable, as one with any other fault is; it was unlinked.
  private static let changed = [
    "batch 12 T1 11130300000000019B 9 5 0 0 3 1 4": "batch 12 T1 11130300000000019B 9 5 0 0 4 0 4",
    "aside 12 8 unlinked [\"V03 CODE\"]": "aside 12 8 questionable [\"R-KEY NO\", \"V03 CODE\"]",
  ]

  /// What the list says is what the inputs mean, not only what is read from old bytes.
  @Test func theSameInputsStillGiveTheSameAnswers() async throws {
    let made = try await GoldenStore.make()
    let expected = try expected().map { line in
      Self.changed.reduce(line) { line, change in
        line.hasPrefix(change.key) ? change.value + line.dropFirst(change.key.count) : line
      }
    }
    compare(try GoldenStore.answers(made.database), expected, "made anew")
  }
}
