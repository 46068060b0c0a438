// Owns reading the blocks of a segment's index of texts, through the cache.
// Invariants: a block is the one its parent names, also when it comes from the cache.
// Does not find texts (TextIndexWalk).

extension SegmentReader {
  /// The index of the segment's texts, if it has one.
  package func textIndex() throws(StoreError) -> TextIndex? {
    guard let location = footer.textIndex else { return nil }
    return try cached(location, cost: { $0.cost }) { (location) throws(StoreError) in
      let (header, raw) = try blocks.read(location, kind: .textIndex)
      return try TextIndex(
        Array(raw.buffer), parts: header.rowCount, rowCount: footer.rowCount, file: blocks.name,
        offset: location.offset)
    }
  }

  /// A block of sorted texts.
  package func sortedTexts(_ number: Int, of part: TextIndexPart) throws(StoreError) -> SortedTextBlock {
    let block = try cached(part.blocks[number], cost: { $0.cost }) { (location) throws(StoreError) in
      let (header, raw) = try blocks.read(location, kind: .sortedTexts)
      return try SortedTextBlock(
        header, raw, rowLimit: footer.rowCount, file: blocks.name, offset: location.offset)
    }
    let expected = min(SortedTexts.blockTexts, part.textCount - number * SortedTexts.blockTexts)
    guard block.count == expected, part.withFence(number, { block.order(firstOf: 0, $0) }) == 0 else {
      throw StoreError.damaged(
        "a block of sorted texts is not the one its parent names", file: blocks.name,
        offset: part.blocks[number].offset)
    }
    return block
  }

  /// A page of lists of groups.
  package func postings(_ number: Int, of part: TextIndexPart) throws(StoreError) -> PostingsPage {
    let groupCount = part.groupCount
    let page = try cached(part.pages[number], cost: { $0.cost }) { (location) throws(StoreError) in
      let (header, raw) = try blocks.read(location, kind: .postings)
      return try PostingsPage(header, raw, groupCount: groupCount, file: blocks.name, offset: location.offset)
    }
    // Also from the cache: two parts of a damaged directory may name one page.
    guard page.groupCount == groupCount else { throw page.fault }
    return page
  }
}
