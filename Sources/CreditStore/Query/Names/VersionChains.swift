// Owns what became of earlier versions of a subject's records in one entry: whether the record was withdrawn in the end.
// Invariants: versions of several records that changed in one commit are not told apart: one that stands is enough. Takes time with the number of rows.

import SegmentStore

/// The versions of records that follow one another.
struct VersionChains {
  /// Where a version stands: the commit it came with, and its number.
  private struct Place: Hashable {
    var commit: UInt64
    var version: UInt32
  }

  private var standing: [Place: Bool] = [:]

  /// - Parameter rows: all versions of a subject's records in one entry.
  init(_ rows: [StoredRow]) {
    // The last versions first: what a version comes to follows from the next one.
    for row in rows.sorted(by: { $0.system.version > $1.system.version }) {
      let place = Place(commit: row.system.commit, version: row.system.version)
      standing[place] = standing[place] == true || stands(row)
    }
  }

  /// Whether the record of a version was not withdrawn in the end.
  func stands(_ row: StoredRow) -> Bool {
    guard let until = row.superseded else { return row.system.state != RecordState.withdrawn.rawValue }
    return standing[Place(commit: until, version: row.system.version &+ 1)] ?? true
  }
}
