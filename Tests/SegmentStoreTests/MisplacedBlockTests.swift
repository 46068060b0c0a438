// Goal: a block that is sound in itself but stands in the wrong place is found: blocks swapped within a segment, between segments and between
// stores, and old bytes put back where newer ones were. Scrubbing tells exactly which blocks are damaged, and a backup gives them back.
// Method: every block of two stores at the place of every other; a sample of them on disk; every 512 bytes of every earlier version of every file.

import Foundation
@testable import SegmentStore
import TestSupport
import Testing

@Suite struct MisplacedBlockTests {
  /// A block and the file that holds it.
  private struct Block {
    var path: String
    var segment: UInt64
    var location: BlockLocation
    var kind: BlockKind
    var bytes: Data
  }

  /// All blocks of a store, as they lie one behind the other in its segments.
  private static func blocks(of path: String) throws -> [Block] {
    var blocks: [Block] = []
    for name in try RepairTests.segments(path) {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
      let segment = try #require(UInt64(name.dropFirst(4).dropLast(4), radix: 16))
      var offset = 64
      while let found = BlockHeader.lengthAndChecksum(Array(bytes[offset..<min(offset + 32, bytes.count)])) {
        let kind = try #require(BlockKind(rawValue: bytes[offset + 2]))
        blocks.append(
          Block(
            path: path + "/" + name, segment: segment,
            location: BlockLocation(offset: Int64(offset), length: found.length, checksum: found.checksum),
            kind: kind, bytes: bytes[offset..<offset + found.length]))
        offset += found.length
      }
    }
    return blocks
  }

  /// One file in memory.
  private final class Bytes: StoreFile {
    let path = "bytes"
    private let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreError) {
      bytes.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<buffer.count]))
      }
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreError) {}
    func truncate(to length: Int64) throws(StoreError) {}
    func sync() throws(StoreError) {}
    func size() throws(StoreError) -> Int64 { .max }
  }

  /// Goal: no block passes for another, whichever two are exchanged.
  @Test func everyBlockAtThePlaceOfEveryOtherIsRefused() throws {
    let folder = try TemporaryFolder()
    let stores = [folder.path("first"), folder.path("second")]
    _ = try RepairTests.make(stores[0], seed: 71)
    _ = try RepairTests.make(stores[1], seed: 72)
    let blocks = try stores.flatMap { try Self.blocks(of: $0) }
    var refused = 0
    var passed = 0
    for place in blocks {
      // At its own place it is read.
      let own = BlockReader(
        file: Bytes([UInt8](place.bytes)), name: "bytes", segment: place.segment, fileLength: .max)
      _ = try own.read(place.location, kind: place.kind)
      for other in blocks where other.path != place.path || other.location != place.location {
        // Even if its parent believed in it: only that it knows its place can refuse it. Two stores may have the same block at the same place.
        let location = BlockLocation(
          offset: place.location.offset, length: other.location.length, checksum: other.location.checksum)
        guard place.segment != other.segment || place.location.offset != other.location.offset else {
          continue
        }
        let reader = BlockReader(
          file: Bytes([UInt8](other.bytes)), name: "bytes", segment: place.segment, fileLength: .max)
        do {
          _ = try reader.read(location, kind: other.kind)
          passed += 1
        } catch {
          refused += 1
        }
      }
    }
    print("\(blocks.count) blocks, \(refused) exchanges, all refused")
    #expect(passed == 0 && refused > 20_000)
  }

  /// Goal: on the real path: an exchange of blocks on disk is found by `verify` at its place, and no answer is wrong.
  @Test func exchangedBlocksOnDiskAreFoundAndGiveNoWrongAnswer() throws {
    let seed: UInt64 = 20_261_128
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let expected = try RepairTests.make(path, seed: 73)
    let blocks = try Self.blocks(of: path)
    for round in 0..<60 {
      let first = try #require(blocks.randomElement(using: &random))
      // Those of equal length are the hardest to tell apart.
      let alike = blocks.filter {
        $0.bytes.count == first.bytes.count && ($0.path != first.path || $0.location != first.location)
      }
      let second = try #require(
        (round.isMultiple(of: 2) ? alike : blocks).randomElement(using: &random) ?? blocks.last)
      guard first.bytes != second.bytes else { continue }
      try Self.put(second.bytes, at: first)
      try Self.put(first.bytes, at: second)
      let engine = try? SegmentEngine(opening: path, mode: .readOnly, options: RepairTests.options())
      let faults = engine?.verify() ?? []
      #expect(engine == nil || !faults.isEmpty, "round \(round)")
      if let engine, let answers = try? RepairTests.lines(engine) {
        #expect(answers == expected, "round \(round)")
      }
      try Self.put(second.bytes, at: second)
      try Self.put(first.bytes, at: first)
    }
    let engine = try SegmentEngine(opening: path, mode: .readOnly, options: RepairTests.options())
    #expect(engine.verify().isEmpty)
    #expect(try RepairTests.lines(engine) == expected)
  }

  /// Writes bytes where a block stands, as far as they fit.
  private static func put(_ bytes: Data, at block: Block) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: block.path))
    try handle.seek(toOffset: UInt64(block.location.offset))
    try handle.write(contentsOf: bytes.prefix(block.location.length))
    try handle.close()
  }

  // MARK: Scrubbing

  /// Goal: n damaged blocks are n faults, at their places; a block that others are found through hides them and is told.
  @Test func scrubbingTellsExactlyWhichBlocksAreDamaged() throws {
    let seed: UInt64 = 20_261_129
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let expected = try RepairTests.make(path, seed: 74)
    try FileManager.default.copyItem(atPath: path, toPath: folder.path("backup"))
    let blocks = try Self.blocks(of: path)
    let parents: Set<BlockKind> = [
      .columnDirectory, .subjectFences, .datasetDirectory, .footer, .textIndex,
    ]
    // One at a time, of every kind.
    var kinds: [BlockKind: Int] = [:]
    for block in blocks.shuffled(using: &random) where kinds[block.kind, default: 0] < 4 {
      kinds[block.kind, default: 0] += 1
      try Self.flip(block, &random)
      let engine = try? SegmentEngine(opening: path, mode: .readOnly, options: RepairTests.options())
      let faults = engine?.verify() ?? []
      // Without its footer a segment is not opened, nor the store.
      #expect(engine != nil || block.kind == .footer)
      if engine != nil {
        #expect(
          faults.map(\.offset) == [block.location.offset]
            && faults.allSatisfy { block.path.hasSuffix($0.file) },
          "\(block.kind) at \(block.location.offset): \(faults)")
      }
      try Self.put(block.bytes, at: block)
    }
    #expect(kinds.count >= 11, "\(kinds)")
    // Many at a time, of those that hold values.
    let leaves = blocks.filter { !parents.contains($0.kind) }
    for count in [1, 2, 5, 17, leaves.count / 2, leaves.count] {
      let chosen = leaves.shuffled(using: &random).prefix(count)
      for block in chosen { try Self.flip(block, &random) }
      let engine = try SegmentEngine(opening: path, mode: .readOnly, options: RepairTests.options())
      let faults = engine.verify()
      let places = Set(chosen.map { "\($0.path) \($0.location.offset)" })
      let found = Set(faults.map { "\(path)/\($0.file) \($0.offset)" })
      #expect(found.symmetricDifference(places).isEmpty)
      #expect(faults.count == count)
      if count == 17 {
        // The backup gives every byte back.
        let report = try RepairTests.repair(
          path, folder, expected: expected, backup: folder.path("backup"), "17 blocks")
        #expect(report.isComplete)
      }
      for block in chosen { try Self.put(block.bytes, at: block) }
    }
    print("\(kinds.count) kinds of blocks, \(leaves.count) blocks with values")
  }

  /// Changes one byte of a block.
  private static func flip(_ block: Block, _ random: inout SeededGenerator) throws {
    var bytes = [UInt8](block.bytes)
    bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
    try put(Data(bytes), at: block)
  }

  // MARK: Old bytes

  /// Goal: a sector that shows what it held earlier is found, or changes no answer, or takes the last commits away, which is said to be the one
  /// thing that cannot be told from a write that never came (docs/guarantees.md).
  @Test func oldBytesPutBackAreFoundOrHarmlessOrTheEndOfTheJournal() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("store")
    let script = StoreScript(seed: 20_261_130)
    _ = try SegmentEngine.create(at: path)
    script.isMade = true
    var versions: [String: [Data]] = [:]
    var contents: [UInt64: [UInt64]] = [:]
    /// Keeps what is on disk now.
    func keep(_ engine: SegmentEngine) throws {
      contents[engine.snapshot().commit] = try StoreScript.content(engine)
      for file in try FileManager.default.subpathsOfDirectory(atPath: path) where !file.hasPrefix("LOCK") {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path + "/" + file)), !bytes.isEmpty
        else {
          continue
        }
        if versions[file]?.last != bytes { versions[file, default: []].append(bytes) }
      }
    }
    let engine = try SegmentEngine(opening: path, mode: .readWrite(), options: StoreScript.options())
    for step in 0..<33 {
      try script.commit(engine, isSegment: step % 5 == 3)
      if step % 14 == 13 { try engine.compact() }
      try keep(engine)
    }
    try engine.close()
    let last = script.acknowledged
    var (found, harmless, ends) = (0, 0, 0)
    for (file, earlier) in versions.sorted(by: { $0.key < $1.key }) {
      let target = URL(fileURLWithPath: path + "/" + file)
      guard let now = try? Data(contentsOf: target) else { continue }
      for old in earlier {
        for start in stride(from: 0, to: min(old.count, now.count), by: 512) {
          let range = start..<min(start + 512, old.count, now.count)
          guard old[range] != now[range] else { continue }
          var bytes = now
          bytes.replaceSubrange(range, with: old[range])
          try bytes.write(to: target)
          let place = "\(file) at \(start)"
          do {
            let reader = try SegmentEngine(opening: path, mode: .readOnly, options: StoreScript.options())
            let commit = reader.snapshot().commit
            let answers = try StoreScript.content(reader)
            #expect(answers == contents[commit], "\(place): an answer that never was")
            if commit == last {
              harmless += 1
              // All that can be missing unnoticed is the frame that says the store was closed.
              let isEnd = file.hasPrefix("journal-") && range.upperBound > (now.lastIndex { $0 != 0 } ?? 0)
              #expect(isEnd || !reader.verify().isEmpty, "\(place): not found by verify")
            } else {
              ends += 1
              // Only the sectors of the journal that nothing whole stands behind.
              let used = (now.lastIndex { $0 != 0 } ?? 0) + 1
              #expect(
                file.hasPrefix("journal-") && range.upperBound + 2048 > used, "\(place) of \(used): lost")
            }
          } catch let error as StoreError {
            found += 1
            #expect(error.code == .damaged, "\(place): \(error)")
          }
          try now.write(to: target)
        }
      }
    }
    print(
      "old sectors: \(found) refused, \(harmless) changed no answer, \(ends) took the end of the journal away"
    )
    #expect(found > 0 && ends > 0)
    let reader = try SegmentEngine(opening: path, mode: .readOnly, options: StoreScript.options())
    #expect(reader.snapshot().commit == last && reader.verify().isEmpty)
  }
}
