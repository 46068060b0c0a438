// Owns the targets for whole files: states and journals whose checksums are right, whatever they say.

import SegmentStore

enum FileTargets {
  private static let store = StoreIdentifier(bytes: [UInt8](repeating: 7, count: 16))

  /// Commits of a frame: taken, they can be applied to an empty store or are refused.
  static let journal: FuzzTarget = { bytes in
    attempt {
      var view = EngineView(commit: 0, segments: [], memory: MemoryTable())
      for record in try CommitRecord.commits(in: bytes[...], file: "fuzz", offset: 0) {
        guard record.segments.isEmpty else { return }
        view = try EngineApply.apply(record, to: view, opened: [])
        for row in record.rows {
          use(row.payload.withUnsafeBytes { RowPayload.decode($0, record.schemas[row.schema]) })
        }
      }
    }
  }

  /// A state file with any body, under a right checksum.
  static let state: FuzzTarget = { body in
    var header = ByteBuffer(capacity: 64)
    header.append(contentsOf: StateFile.magic)
    header.append(StateFile.version)
    header.append(UInt16(StateFile.headerSize))
    for _ in 0..<3 { header.append(UInt32(0)) }
    header.append(contentsOf: store.bytes)
    header.append(UInt64(1))
    header.append(UInt64(body.count))
    header.append(XXHash64.hash(header.bytes, seed: XXHash64.hash(body)))
    attempt { use(try StateFile.decode(header.bytes + body, number: 1, offset: 0)) }
  }
}
