// Owns counting what rows were taken in with that deserves a look: by rule, with the first rows of each.
// Invariants: a row counts once for each of its rules; of a rule no more rows are remembered than a receipt shows.
// Does not judge.

/// A rule of severity warning, or an identifier that the entry lets pass, among the rows of a batch (提示性问题).
public struct RowWarning: Codable, Sendable, Equatable {
  /// Rows of a rule that a receipt names.
  public static let maximumRows = 100

  /// Id of the rule.
  public var rule: String
  /// Rows that were taken in with it.
  public var rows: Int
  /// Numbers of the first of them in the file, from 1, ascending.
  public var firstRows: [Int]
}

/// Warnings of rows, gathered by one worker.
struct RowWarnings {
  private struct Found {
    var rows = 0
    /// Some, and the first ones by their place in the file among them.
    var sequences: [UInt64] = []
  }

  private var found: [String: Found] = [:]

  /// Adds a row with the rules it was taken in with.
  mutating func add(_ rules: [String], of sequence: UInt64) {
    for rule in Set(rules) {
      var known = found[rule] ?? Found()
      known.rows += 1
      known.sequences.append(sequence)
      if known.sequences.count == 2 * RowWarning.maximumRows {
        known.sequences.sort()
        known.sequences.removeLast(RowWarning.maximumRows)
      }
      found[rule] = known
    }
  }

  /// What all workers found, by rule.
  ///
  /// - Parameter row: the number of a row in the file.
  static func joined(_ all: [RowWarnings], row: (UInt64) -> Int) -> [RowWarning] {
    var joined: [String: RowWarning] = [:]
    for warnings in all {
      for (rule, found) in warnings.found {
        var known = joined[rule] ?? RowWarning(rule: rule, rows: 0, firstRows: [])
        known.rows += found.rows
        known.firstRows += found.sequences.map(row)
        joined[rule] = known
      }
    }
    return joined.values.sorted { $0.rule.utf8.lexicographicallyPrecedes($1.rule.utf8) }.map { warning in
      var warning = warning
      warning.firstRows = Array(warning.firstRows.sorted().prefix(RowWarning.maximumRows))
      return warning
    }
  }
}
