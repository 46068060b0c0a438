// Owns how a question is run, and what running it left out: the base of explanations.
// Invariants: no setting changes an answer; a limit makes an error of it.

/// How a question is run.
struct QueryExecution: Sendable {
  /// Rows that are worth a further thread.
  static let rowsOfThread = 1 << 18

  /// Threads; 0 = one for each processor, where there are rows enough.
  var threads = 0
  /// Rows that are worth a part of their own.
  var rowsOfPart = 1 << 17
  /// Whether blocks are left out whose smallest and largest value tell that no row can match.
  var usesZoneMaps = true
  /// Whether conditions on texts are decided once for each word of a dictionary.
  var usesDictionaries = true
  /// Whether rows of wanted identifiers are found through the subject directory.
  var usesSubjects = true
  /// Whether the indexes of names are asked.
  var usesNameIndexes = true
  /// Rows by the codes of dictionaries that are counted before their words are numbered: so many counts a column and thread, of 4 bytes.
  var maximumCodeCounts = 1 << 20
  /// Groups of a result at most.
  var maximumGroups = AggregateQuery.maximumGroups

  init() {}
}

/// Rows that were not looked at, and why.
struct SkippedRows: Sendable {
  enum Reason {
    case zoneMap
    case dictionary
  }
  /// Smallest and largest value of their blocks told that none can match.
  var byZoneMap = 0
  /// No word of the dictionary matches.
  var byDictionary = 0

  mutating func count(_ reason: Reason, _ rows: Int) {
    switch reason {
    case .zoneMap: byZoneMap += rows
    case .dictionary: byDictionary += rows
    }
  }
}
