// Owns what all segments of an open store share for reading.
// Invariants: immutable.

/// The cache and the rendering of keys.
package struct ReadingContext: Sendable {
  /// Where decoded blocks are kept; `nil` reads every block from its file.
  package var cache: BlockCache?
  /// Renders the keys of rows whose text is that of their key.
  package var keyText: KeyText
  /// The form texts of indexes have; `nil` where none are made or checked.
  package var searchForm: SearchForm?
  /// Where reading is counted.
  package var counters: ReadingCounters
  /// The segments that are held open.
  package let open = OpenSegments()

  package init(
    cache: BlockCache?, keyText: @escaping KeyText = noKeyText, searchForm: SearchForm? = nil,
    counters: ReadingCounters = ReadingCounters()
  ) {
    self.searchForm = searchForm
    self.cache = cache
    self.keyText = keyText
    self.counters = counters
  }
}
