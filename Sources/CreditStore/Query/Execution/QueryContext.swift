// Owns what the rows of a vector have in common: their entry, and the snapshot they are read from.

import SegmentStore

/// The surroundings of rows while a question runs.
struct QueryContext {
  let entry: PublishedEntry
  let snapshot: EngineSnapshot
  /// When records came.
  let firsts: FirstCommits
}
