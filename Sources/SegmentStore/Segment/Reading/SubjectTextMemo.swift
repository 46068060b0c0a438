// Owns the texts of one subject that were read, so that its records in hundreds of datasets ask for them once.
// Invariants: serves one key and one thread; a text stays valid while this lives.
// Does not look texts up.

/// Texts of one subject, by segment and column.
final class SubjectTextMemo {
  private var texts: [(segment: ObjectIdentifier, column: UInt32, text: ByteArena?)] = []

  /// The text of the subject; `nil` where it has none.
  func text(
    _ column: UInt32, of key: UInt128, in segment: SegmentReader
  ) throws(StoreError) -> UnsafeRawBufferPointer? {
    let identity = ObjectIdentifier(segment)
    // A key lies in a segment or two, and there are few columns.
    for known in texts where known.segment == identity && known.column == column { return known.text?.bytes }
    var copy: ByteArena?
    if let cursor = try SubjectTextCursor(segment, column: column), let text = try cursor.text(of: key) {
      let arena = ByteArena(capacity: text.count)
      arena.append(text)
      copy = arena
    }
    texts.append((identity, column, copy))
    return copy?.bytes
  }
}
