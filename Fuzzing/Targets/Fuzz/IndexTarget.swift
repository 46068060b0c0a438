// Owns the target for the blocks of an index of texts, behind their checksums.

import SegmentStore

enum IndexTarget {
  /// Sorted texts, pages of lists, directories: taken, they must be readable to their end, in any order.
  static let index: FuzzTarget = { bytes in
    var input = FuzzInput(bytes)
    let (kind, count) = (input.byte() % 3, input.number())
    attempt {
      switch kind {
      case 0:
        let raw = try BlockTargets.raw(input.rest)
        let block = try SortedTextBlock(
          BlockTargets.header(.sortedTexts, rows: count, raw), raw, rowLimit: 1000, file: "fuzz", offset: 0)
        let texts = GroupOfTexts()
        let wanted = WantedBytes(Array(input.rest.prefix(6)))
        for group in 0..<block.groupCount {
          use(block.order(firstOf: group, wanted.bytes))
          let mayContain = block.mayContain(wanted, group: group)
          block.read(group: group, into: texts)
          for place in 0..<texts.count {
            // What the parts promise not to have, the whole texts do not have either.
            precondition(mayContain || !ByteSearch.contains(texts.text(place), wanted.bytes))
            use(texts.text(place).reduce(0) { $0 &+ Int($1) })
          }
        }
        for place in 0..<block.count { precondition(block.row(place) < 1000) }
      case 1:
        let raw = try BlockTargets.raw(input.rest)
        let page = try PostingsPage(
          BlockTargets.header(.postings, rows: 256, raw), raw, groupCount: count, file: "fuzz", offset: 0)
        for bucket in 0..<256 {
          var (walk, probe) = (page.cursor(bucket, of: count), page.cursor(bucket, of: count))
          var last = -1
          while case let group = walk.next(), group >= 0 {
            precondition(group > last && group < count)
            last = group
          }
          for group in stride(from: 0, to: min(count, 5000), by: 7) { use(probe.probe(group)) }
        }
        withExtendedLifetime(page) {}
      default:
        let index = try TextIndex(input.rest, parts: 1, rowCount: UInt32(count), file: "fuzz", offset: 0)
        use(index.encode().count + index.textCount + index.blockBytes)
      }
    }
  }
}
