// Owns reading the text of a subject, by its key.
// Invariants: a subject that the segment does not have, or that has no text, gives none; neighbours are found without searching.
// Does not know which columns follow the texts.

/// Reads texts of subjects. Shared by the copies of a cursor, which one thread uses.
final class SubjectTextCursor {
  private let segment: SegmentReader
  private let tree: SubjectTree
  private var texts: ColumnCursor
  private var leafNumber = -1
  private var leaf: SubjectLeaf?
  private var place = 0
  /// The subject asked for last.
  private var known: (key: UInt128, ordinal: Int?)?

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
    let found = try find(key)
    known = (key, found)
    return found
  }

  private func find(_ key: UInt128) throws(StoreError) -> Int? {
    if let leaf, place + 1 < leaf.subjectCount, leaf.key(place + 1) == key {
      place += 1
      return tree.firstSubjects[leafNumber] + place
    }
    guard let number = tree.leafIndex(of: key) else { return nil }
    if number != leafNumber || leaf == nil {
      leaf = try segment.leaf(tree.fences[number])
      leafNumber = number
    }
    guard let leaf else { return nil }
    place = leaf.lowerBound(key)
    guard place < leaf.subjectCount, leaf.key(place) == key else { return nil }
    return tree.firstSubjects[number] + place
  }
}
