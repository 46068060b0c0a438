// Owns how it is told, on standard error, how a question was answered.

import Console
import CreditStore
import SegmentStore

/// Prints explanations.
enum Explanation {
  static func print(
    _ entries: [String], _ found: String, _ how: QueryExplanation, _ cost: ReadingStatistics,
    commit: UInt64, took: Duration
  ) {
    let asked = entries.isEmpty ? "all entries" : entries.joined(separator: ", ")
    let narrowed =
      how.partsFoundBySubject > 0
      ? ", \(how.partsFoundBySubject) of them found through the subject directory" : ""
    Terminal.error(
      """
      question to \(asked) at commit \(commit): \(found), \(took)
      rows: \(how.rowsOfParts) in \(how.parts) parts\(narrowed), on \(how.threads) threads
      left out: \(how.rowsSkippedByZoneMap) rows by smallest and largest values, \(how.rowsSkippedByDictionary) by dictionaries
      read: \(cost.blocksRead) blocks (\(cost.bytesRead) bytes, \(cost.bytesDecoded) unpacked), \
      \(cost.cacheHits) found in the cache, \(cost.cacheBytes) bytes kept there
      """)
  }
}
