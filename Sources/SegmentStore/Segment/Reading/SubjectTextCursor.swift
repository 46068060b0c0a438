// Owns reading the text of a subject, by its key.
// Invariants: a subject that the segment does not have, or that has no text, gives none; neighbours are found without searching.
// Does not know which columns follow the texts.

/// Reads texts of subjects. Shared by cursors that one thread uses.
final class SubjectTextCursor {
  /// Leaves of the directory that are read before all keys are listed.
  private static let fewLeaves = 16

  private let segment: SegmentReader
  private let tree: SubjectTree
  private var texts: ColumnCursor
  private var leafNumber = -1
  private var leaf: SubjectLeaf?
  private var leavesRead = 0
  private var keys: SubjectKeys?
  /// The subject asked for last.
  private var known: (key: UInt128, ordinal: Int?)?
  private var lastOrdinal = 0

  /// `nil` when the segment has no such texts of subjects.
  ///
  /// - Parameter id: which of its columns of them.
  init?(_ segment: SegmentReader, column id: UInt32) throws(StoreError) {
    guard let columns = try segment.subjectTexts(), columns.column(id) != nil else { return nil }
    self.segment = segment
    tree = try segment.subjectTree()
    texts = ColumnCursor(segment, columns, id: id, type: .text)
  }

  /// The text of a subject, valid until the next is asked for.
  func text(of key: UInt128) throws(StoreError) -> UnsafeRawBufferPointer? {
    guard let ordinal = try ordinal(of: key) else { return nil }
    return try texts.text(ordinal, key: key)
  }

  /// Whether a subject has a text.
  func hasText(_ key: UInt128) throws(StoreError) -> Bool {
    guard let ordinal = try ordinal(of: key) else { return false }
    return try texts.hasValue(ordinal)
  }

  /// The place of a subject among all of the segment.
  private func ordinal(of key: UInt128) throws(StoreError) -> Int? {
    if let known, known.key == key { return known.ordinal }
    let found: Int?
    if let keys { found = keys.place(of: key, near: lastOrdinal) } else { found = try findInLeaf(key) }
    if let found { lastOrdinal = found }
    known = (key, found)
    return found
  }

  private func findInLeaf(_ key: UInt128) throws(StoreError) -> Int? {
    guard let number = tree.leafIndex(of: key) else { return nil }
    if number != leafNumber || leaf == nil {
      guard leavesRead < Self.fewLeaves else {
        let all = try segment.subjectKeys()
        (keys, leaf) = (all, nil)
        return all.place(of: key, near: lastOrdinal)
      }
      leavesRead += 1
      leaf = try segment.leaf(tree.fences[number])
      leafNumber = number
    }
    guard let leaf else { return nil }
    let place = leaf.lowerBound(key)
    guard place < leaf.subjectCount, leaf.key(place) == key else { return nil }
    return tree.firstSubjects[number] + place
  }
}
