// Goal: bytes that were written as format version 1 are read for ever, by the engine and by the reader that knows the page alone.
// Method: a store put aside when the format was declared frozen, the digest of what it said then, and the same rows made anew today.
// CREDIT_WRITE_GOLDEN=1 makes the folders, once for each format version and each feature that joined it.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct GoldenFormatTests {
  private static let store = GoldenEngine.folder + "/engine"
  private static let digest = GoldenEngine.folder + "/engine.sha256"

  private static let isWriting = ProcessInfo.processInfo.environment["CREDIT_WRITE_GOLDEN"] == "1"
  private static let multiples = MoneyRows.folder + "/engine"
  private static let multiplesDigest = MoneyRows.folder + "/engine.sha256"
  private static let multiplesSeed: UInt64 = 12

  /// The same of the feature of multiples.
  @Test(.enabled(if: isWriting)) func writeMultiples() throws {
    try #require(!FileManager.default.fileExists(atPath: Self.multiples), "the feature is frozen")
    let folder = try TemporaryFolder()
    let (engine, _) = try MoneyRows.make(at: folder.path("store"), seed: Self.multiplesSeed)
    try engine.compact()
    let answer = Self.digest(of: try MoneyRows.lines(engine))
    try engine.close()
    try FileManager.default.createDirectory(
      atPath: MoneyRows.folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: folder.path("store"), toPath: Self.multiples)
    try Data("\(answer)\n".utf8).write(to: URL(fileURLWithPath: Self.multiplesDigest))
  }

  @Test func frozenMultiplesAreRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try FileManager.default.copyItem(atPath: Self.multiples, toPath: path)
    let expected = try String(contentsOfFile: Self.multiplesDigest, encoding: .utf8).split(separator: "\n")[0]
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: GoldenEngine.options())
    let lines = try MoneyRows.lines(engine)
    #expect(Self.digest(of: lines) == expected)
    #expect(engine.verify().isEmpty)
    var dumped: [String] = []
    try engine.dump(.blocks) { dumped.append($0) }
    #expect(dumped.contains { $0.contains("multiples") })
    try engine.close()
    // The digest is not only what one reader reads.
    let (anew, rows) = try MoneyRows.make(at: folder.path("anew"), seed: Self.multiplesSeed)
    #expect(Self.digest(of: try MoneyRows.lines(anew)) == expected && rows.count == lines.count)
    try anew.close()
    if try IndependentReader.isThere() { try IndependentReader.compare(Self.multiples, lines) }
  }

  private static let subjects = NamedRows.folder + "/engine"
  private static let subjectsDigest = NamedRows.folder + "/engine.sha256"
  private static let subjectsRows = 300

  /// The same of the feature of texts of subjects.
  @Test(.enabled(if: isWriting)) func writeSubjects() throws {
    try #require(!FileManager.default.fileExists(atPath: Self.subjects), "the feature is frozen")
    let folder = try TemporaryFolder()
    let engine = try NamedRows.make(at: folder.path("store"), rows: Self.subjectsRows, seed: 12)
    let answer = Self.digest(of: try NamedRows.lines(engine))
    try engine.close()
    try FileManager.default.createDirectory(atPath: NamedRows.folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: folder.path("store"), toPath: Self.subjects)
    try Data("\(answer)\n".utf8).write(to: URL(fileURLWithPath: Self.subjectsDigest))
  }

  @Test func frozenTextsOfSubjectsAreRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try FileManager.default.copyItem(atPath: Self.subjects, toPath: path)
    let expected = try String(contentsOfFile: Self.subjectsDigest, encoding: .utf8).split(separator: "\n")[0]
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: GoldenEngine.options())
    let lines = try NamedRows.lines(engine)
    #expect(Self.digest(of: lines) == expected)
    #expect(engine.verify().isEmpty)
    var dumped: [String] = []
    try engine.dump(.blocks) { dumped.append($0) }
    #expect(dumped.contains { $0.contains("subjectTexts") })
    try engine.close()
    // The digest is not only what one reader reads.
    let anew = try NamedRows.make(at: folder.path("anew"), rows: Self.subjectsRows, seed: 12)
    #expect(Self.digest(of: try NamedRows.lines(anew)) == expected)
    try anew.close()
    if try IndependentReader.isThere() { try IndependentReader.compare(Self.subjects, lines) }
  }

  /// Makes the folder where it is asked to, and then only where there is none.
  @Test(.enabled(if: isWriting))
  func write() throws {
    try #require(!FileManager.default.fileExists(atPath: Self.store), "format version 1 is frozen")
    let folder = try TemporaryFolder()
    let engine = try GoldenEngine.make(at: folder.path("store"), rows: 1500)
    let answer = Self.digest(of: try GoldenEngine.lines(engine))
    try engine.close()
    try FileManager.default.copyItem(atPath: folder.path("store"), toPath: Self.store)
    try Data("\(answer)\n".utf8).write(to: URL(fileURLWithPath: Self.digest))
  }

  private static func digest(of lines: [String]) -> String {
    let hash = SHA256.hash(lines.sorted().joined(separator: "\n").utf8)
    return hash.hexText + " \(lines.count)"
  }

  @Test func frozenBytesAreRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try FileManager.default.copyItem(atPath: Self.store, toPath: path)
    let expected = try String(contentsOfFile: Self.digest, encoding: .utf8).split(separator: "\n")[0]
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: GoldenEngine.options())
    let lines = try GoldenEngine.lines(engine)
    #expect(Self.digest(of: lines) == expected)
    #expect(engine.verify().isEmpty)
    var dumped: [String] = []
    try engine.dump(.blocks) { dumped.append($0) }
    for encoding in GoldenEngine.encodings {
      #expect(dumped.contains { $0.contains(encoding) }, "no block is \(encoding)")
    }
    try engine.compact()
    #expect(Self.digest(of: try GoldenEngine.lines(engine)) == expected)
    try engine.close()
    // The digest is not only what one reader reads.
    let anew = try GoldenEngine.make(at: folder.path("anew"), rows: 1500)
    #expect(Self.digest(of: try GoldenEngine.lines(anew)) == expected)
    try anew.close()
    if try IndependentReader.isThere() { try IndependentReader.compare(Self.store, lines) }
  }
}
