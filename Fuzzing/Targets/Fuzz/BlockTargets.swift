// Owns the targets for what stands inside blocks, behind their checksums: a damaged disk cannot make it, a hostile file can.

import SegmentStore

enum BlockTargets {
  static func raw(_ bytes: [UInt8]) throws -> BlockBytes {
    try BlockBytes(count: bytes.count) { (buffer) throws(StoreError) in buffer.copyBytes(from: bytes) }
  }

  /// The header a block of these bytes would have.
  static func header(
    _ kind: BlockKind, encoding: UInt8 = 0, rows: Int, _ raw: BlockBytes
  ) throws -> BlockHeader {
    var block = ByteBuffer(capacity: 32 + raw.count)
    block.append(BlockHeader.magic)
    block.append(contentsOf: [kind.rawValue, 0, encoding, 0, 0, 0])
    block.append(UInt32(rows))
    for _ in 0..<2 { block.append(UInt32(raw.count)) }
    block.append(UInt32(16))
    block.append(UInt64(0))
    block.append(raw: raw.buffer)
    return try block.bytes.withUnsafeBytes { try BlockHeader($0, kind: kind, file: "fuzz", offset: 0) }
  }

  /// A column block in any encoding: taken, it must be readable row by row.
  static let block: FuzzTarget = { bytes in
    var input = FuzzInput(bytes)
    let choice = input.byte()
    let encoding = choice % 12 | choice & Encoding.repeats
    let rows = input.number()
    attempt {
      let raw = try raw(input.rest)
      let block = try DecodedBlock(
        header(.column, encoding: encoding, rows: rows, raw), raw, file: "fuzz", offset: 0)
      _ = block.fits(dictionaryCount: 100, holes: 2)
      if block.form == .none { use(block.bounds) }
      for row in 0..<block.rowCount where !block.isNull(row) {
        switch block.form {
        case .none: use(block.integer(row))
        case .plain, .dictionary: use(block.text(row).reduce(0) { $0 &+ Int($1) })
        case .coded:
          use(block.code(row))
          for index in 0..<block.numberCount { use(block.number(index, row)) }
        case .mapped, .subject: use(block.exception(row))
        case .key, .phrases: break
        }
      }
    }
  }

  static let leaf: FuzzTarget = { bytes in
    var input = FuzzInput(bytes)
    let limit = UInt32(input.number())
    attempt {
      let leaf = try SubjectLeaf(try raw(input.rest), rowLimit: limit, file: "fuzz", offset: 0)
      for subject in 0..<leaf.subjectCount {
        use(leaf.key(subject))
        for run in leaf.runs(subject) {
          // What is taken lies inside the rows the segment has.
          precondition(UInt64(run.first) + UInt64(run.count) <= UInt64(limit))
        }
      }
      use(leaf.lowerBound(UInt128(limit)))
    }
  }

  /// Directories: columns, datasets, fences, footers.
  static let directory: FuzzTarget = { bytes in
    var input = FuzzInput(bytes)
    let (kind, rows) = (input.byte() % 4, UInt32(input.number()))
    attempt {
      var reader = ByteReader(input.rest, file: "fuzz", offset: 0)
      switch kind {
      case 0: while reader.remaining > 0 { use(try ColumnEntry(&reader, rowCount: rows)) }
      case 1: while reader.remaining > 0 { use(try DatasetChunk(&reader)) }
      case 2:
        let tree = try SubjectTree(input.rest, file: "fuzz", offset: 0)
        use(tree.leafIndex(of: UInt128(rows) << 90))
      default: use(try SegmentFooter(input.rest, file: "fuzz", offset: 0))
      }
    }
  }

  static let dictionary: FuzzTarget = { bytes in
    var input = FuzzInput(bytes)
    let (kind, count) = (input.byte() % 2, input.number())
    attempt {
      let raw = try raw(input.rest)
      guard kind == 0 else {
        let map = try CodeMap(raw, count: count, codes: 300, file: "fuzz", offset: 0)
        for code in 0..<map.count { use(map.code(code)) }
        return
      }
      let page = try DictionaryPage(
        header(.dictionaryPage, rows: count, raw), raw, file: "fuzz", offset: 0)
      for entry in 0..<page.count { use(page.text(entry).count + page.holes(entry)) }
    }
  }

  static let bundle: FuzzTarget = { bytes in
    var input = FuzzInput(bytes)
    let (place, rows, columns) = (Int(input.byte() % 8), input.number(), input.number())
    attempt {
      try input.rest.withUnsafeBytes { bytes in
        let decoded = try SmallChunk.decode(bytes, at: place, rowCount: rows, columnCount: columns) {
          StoreError(.damaged, $0)
        }
        precondition(decoded.end <= bytes.count)
        for column in decoded.columns {
          guard let block = column.inMemory else { continue }
          for row in 0..<block.rowCount where !block.isNull(row) {
            if block.isText, block.form != .key {
              use(block.text(row).count)
            } else if !block.isText {
              use(block.integer(row))
            }
          }
        }
      }
    }
  }

  static let lz4: FuzzTarget = { bytes in
    var input = FuzzInput(bytes)
    var target = [UInt8](repeating: 0, count: input.number())
    input.rest.withUnsafeBytes { source in
      target.withUnsafeMutableBytes { use(LZ4.decompress(source, into: $0)) }
    }
  }
}
