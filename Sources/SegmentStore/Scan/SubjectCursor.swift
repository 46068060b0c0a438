// Owns walking the subjects of one segment in key order, to join them with sorted keys.
// Invariants: keys asked for ascend; each leaf is read at most once.

/// Finds the runs of ascending keys in one segment without starting at the root each time.
package struct SubjectCursor {
  private let segment: SegmentReader
  private let tree: SubjectTree
  private var leafIndex = -1
  private var leaf: SubjectLeaf?
  private var position = 0

  package init(_ segment: SegmentReader) throws(StoreError) {
    self.segment = segment
    tree = try segment.subjectTree()
  }

  /// The runs of a key that is not smaller than the one before.
  package mutating func runs(of key: UInt128) throws(StoreError) -> ArraySlice<RowRun> {
    guard key >= segment.footer.minimumKey, key <= segment.footer.maximumKey,
      let index = tree.leafIndex(of: key)
    else { return [] }
    if index != leafIndex {
      leaf = try segment.leaf(tree.fences[index])
      leafIndex = index
      position = 0
    }
    guard let leaf else { return [] }
    // Neighbours are close: look a few steps ahead before searching the leaf.
    var steps = 0
    while position < leaf.subjectCount, leaf.key(position) < key, steps < 8 {
      position += 1
      steps += 1
    }
    if steps == 8 { position = leaf.lowerBound(key) }
    return position < leaf.subjectCount && leaf.key(position) == key ? leaf.runs(position) : []
  }
}
