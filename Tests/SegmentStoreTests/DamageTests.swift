// Goal: no changed byte of a store gives a wrong answer or a trap; a torn tail costs nothing that was acknowledged.
// Method: every byte of a small segment, state and journal is flipped; files are cut at every length.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct DamageTests {
  private static let schema = DatasetSchema(
    dataset: DatasetID(rawValue: 100), version: 1,
    columns: [ColumnSchema(id: 16, type: .integer), ColumnSchema(id: 17, type: .text)])

  /// A store with one segment of 60 rows and three commits in the journal.
  private func makeStore(_ path: String) throws {
    _ = try SegmentEngine.create(at: path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite())
    _ = try engine.write { transaction in
      let writer = try transaction.makeSegment()
      try writer.begin(Self.schema)
      let encoder = PartitionEncoder(schema: Self.schema, keyText: noKeyText)
      let arena = ByteArena()
      let payloads = (0..<60).map { RowPayload.encode([.integer($0), .text(Array("第\($0)号".utf8))]) }
      for payload in payloads { payload.withUnsafeBytes { arena.append($0) } }
      var offset = 0
      for (index, payload) in payloads.enumerated() {
        try encoder.append(
          RowReference(
            key: UInt128(index / 3 + 1), system: RowSystemValues(batch: 1, state: 0),
            payload: UnsafeRawBufferPointer(start: arena.base + offset, count: payload.count)))
        offset += payload.count
      }
      try writer.append(encoder.finish())
      withExtendedLifetime(arena) {}
      transaction.add(try writer.finish())
    }
    for step in 0..<2 {
      _ = try engine.write { transaction in
        try transaction.append(
          Self.schema, key: 5, batch: 2, payload: RowPayload.encode([.integer(Int64(1000 + step)), .null]))
      }
    }
    try engine.close()
  }

  /// Everything the store answers.
  private func answers(_ path: String) throws -> [[RowPayload.Cell]] {
    let engine = try SegmentEngine(opening: path, mode: .readOnly)
    defer { try? engine.close() }
    var rows: [[RowPayload.Cell]] = []
    for key in 1...20 {
      for row in try engine.snapshot().rows(of: UInt128(key), schema: Self.schema) {
        rows.append(row.payload.withUnsafeBytes { RowPayload.decode($0, Self.schema) } ?? [])
      }
    }
    return rows
  }

  @Test(arguments: ["seg/000000000001.seg", "state-1.ckp"])
  func everyFlippedByteIsDetectedOrHarmless(file: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try makeStore(path)
    let good = try answers(path)
    #expect(good.count == 62)
    let target = URL(fileURLWithPath: path + "/" + file)
    let bytes = try Data(contentsOf: target)
    var detected = 0
    for index in bytes.indices {
      for flip in [UInt8(1), 0xFF] {
        var damaged = bytes
        damaged[index] ^= flip
        try damaged.write(to: target)
        do {
          #expect(try answers(path) == good, "byte \(index) of \(file)")
          let engine = try SegmentEngine(opening: path, mode: .readOnly)
          #expect(!engine.verify().isEmpty, "verify misses byte \(index) of \(file)")
        } catch let error as StoreError {
          detected += 1
          #expect([.damaged, .newerVersion].contains(error.code), "byte \(index): \(error)")
        }
      }
    }
    print(
      "\(file): \(bytes.count) bytes flipped two ways, \(detected) refused while answering, the rest found by verify"
    )
    try bytes.write(to: target)
    #expect(try answers(path) == good)
  }

  @Test func everyCutOfASegmentIsDetected() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try makeStore(path)
    let target = URL(fileURLWithPath: path + "/seg/000000000001.seg")
    let bytes = try Data(contentsOf: target)
    for length in stride(from: 0, to: bytes.count, by: 7) {
      try bytes.prefix(length).write(to: target)
      #expect(throws: StoreError.self) { try answers(path) }
    }
    try (bytes + [0]).write(to: target)
    #expect(throws: StoreError.self) { try answers(path) }
  }

  @Test func aTornTailIsDiscardedAndSaidAndAnEarlierBrokenFrameIsDamage() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try makeStore(path)
    let target = URL(fileURLWithPath: path + "/journal-1.jnl")
    let bytes = try Data(contentsOf: target)
    let used = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
    // Frames: segment commit, two row commits, close. Find the starts by their magic.
    let magic = Data([0x01, 0xE0, 0xA3, 0xF4])
    var starts: [Int] = []
    var from = 64
    while let range = bytes[from..<used].range(of: magic) {
      starts.append(range.lowerBound)
      from = range.upperBound
    }
    #expect(starts.count == 4)
    // Cut inside the third frame, nothing behind it: the first two commits survive, the rest is discarded and said.
    var torn = bytes
    for index in (starts[2] + 20)..<torn.count { torn[index] = 0 }
    try torn.write(to: target)
    let reader = try SegmentEngine(opening: path, mode: .readOnly)
    #expect(reader.snapshot().commit == 2)
    #expect(reader.discardedTailBytes > 0)
    let writer = try SegmentEngine(opening: path, mode: .readWrite())
    #expect(writer.snapshot().commit == 2)
    _ = try writer.write { transaction in
      try transaction.append(Self.schema, key: 5, batch: 3, payload: RowPayload.encode([.integer(7), .null]))
    }
    try writer.close()
    let again = try SegmentEngine(opening: path, mode: .readOnly)
    #expect(again.snapshot().commit == 3)
    #expect(again.discardedTailBytes == 0)
    #expect(again.verify().isEmpty)
    // In another store: a broken frame with a whole one behind it is damage.
    let other = folder.path("other")
    try makeStore(other)
    let journal = URL(fileURLWithPath: other + "/journal-1.jnl")
    var damaged = try Data(contentsOf: journal)
    damaged[starts[1] + 50] ^= 1
    try damaged.write(to: journal)
    #expect(throws: StoreError.self) { try SegmentEngine(opening: other, mode: .readOnly) }
  }

  /// A crash that tears the first commit after a clean close once made the store unopenable: the reader took bytes
  /// behind a closing frame for damage.
  @Test func aTornFirstCommitAfterACleanCloseIsATornTail() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try makeStore(path)
    let target = URL(fileURLWithPath: path + "/journal-1.jnl")
    var bytes = try Data(contentsOf: target)
    let end = ((bytes.lastIndex { $0 != 0 } ?? 0) + 8) & ~7
    bytes = bytes.prefix(end) + Data(repeating: 0x5A, count: 30)
    try bytes.write(to: target)
    let engine = try SegmentEngine(opening: path, mode: .readWrite())
    #expect(engine.snapshot().commit == 3 && engine.discardedTailBytes == 30)
    try engine.close()
    #expect(try answers(path).count == 62)
  }

  /// A commit that supersedes a row twice was once made durable before it was refused, and kept the store from opening.
  @Test func aCommitThatContradictsTheStoreIsRefusedBeforeItIsDurable() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try makeStore(path)
    let engine = try SegmentEngine(opening: path, mode: .readWrite())
    for address in [
      RowAddress(segment: 1, position: 60), RowAddress(segment: 9, position: 0),
      RowAddress(segment: 0, position: 2),
    ] {
      #expect {
        try engine.write { $0.supersede(address) }
      } throws: { ($0 as? StoreError)?.code == .invalidArgument }
    }
    _ = try engine.write { $0.supersede(RowAddress(segment: 1, position: 3)) }
    #expect { try engine.write { $0.supersede(RowAddress(segment: 1, position: 3)) } } throws: {
      ($0 as? StoreError)?.code == .invalidArgument
    }
    try engine.close()
    #expect(try SegmentEngine(opening: path, mode: .readOnly).snapshot().commit == 4)
  }

  @Test func aHalfMadeStoreCanBeMadeAgainAndALostJournalIsDamage() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try makeStore(path)
    try FileManager.default.removeItem(atPath: path + "/journal-1.jnl")
    #expect { try SegmentEngine(opening: path, mode: .readOnly) } throws: {
      ($0 as? StoreError)?.code == .damaged
    }
    let half = folder.path("half")
    _ = try SegmentEngine.create(at: half)
    try FileManager.default.removeItem(atPath: half + "/state-1.ckp")
    #expect { try SegmentEngine(opening: half, mode: .readOnly) } throws: {
      ($0 as? StoreError)?.code == .notAStore
    }
    _ = try SegmentEngine.create(at: half)
    try SegmentEngine(opening: half, mode: .readWrite()).close()
  }

  @Test func newerVersionsAndOtherFoldersAreRefusedPolitely() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try makeStore(path)
    let state = URL(fileURLWithPath: path + "/state-1.ckp")
    var bytes = try Data(contentsOf: state)
    // In both copies.
    bytes[8] = 2
    bytes[bytes.count / 2 + 8] = 2
    try bytes.write(to: state)
    #expect { try SegmentEngine(opening: path, mode: .readOnly) } throws: {
      ($0 as? StoreError)?.code == .newerVersion
    }
    let empty = folder.path("empty")
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    #expect { try SegmentEngine(opening: empty, mode: .readOnly) } throws: {
      ($0 as? StoreError)?.code == .notAStore
    }
    #expect { try SegmentEngine(opening: folder.path("no"), mode: .readOnly) } throws: {
      ($0 as? StoreError)?.code == .notFound
    }
    #expect { try SegmentEngine.create(at: path) } throws: { ($0 as? StoreError)?.code == .alreadyExists }
  }

  @Test func aSecondWriterIsToldWhoHoldsTheStore() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    try makeStore(path)
    let first = try SegmentEngine(opening: path, mode: .readWrite())
    #expect {
      try SegmentEngine(opening: path, mode: .readWrite())
    } throws: { error in
      guard let error = error as? StoreError else { return false }
      return error.code == .locked
        && error.message.contains("process \(ProcessInfo.processInfo.processIdentifier)")
    }
    // Readers come and go meanwhile.
    #expect(try answers(path).count == 62)
    try first.close()
    try SegmentEngine(opening: path, mode: .readWrite(waitSeconds: 1)).close()
  }
}
