// Owns what the outputs of one merge learn from each other about the texts of a column: its phrases, or that phrases do not pay.
// Invariants: lives for one merge and is shared by its threads, so that only sizes and times depend on which output comes first; memory is bounded. A phrase
// comes from rows of the same merge, and stands in a dictionary only where its own rows use it.
// Does not choose phrases (PhraseTrainer).

/// What outputs of a merge know of its columns.
package final class PhraseMemo: Sendable {
  /// A column of a dataset.
  package struct Column: Hashable, Sendable {
    package var dataset: DatasetID
    package var id: UInt32

    package init(dataset: DatasetID, id: UInt32) {
      self.dataset = dataset
      self.id = id
    }
  }

  /// What is known of a column.
  package enum Finding: Sendable {
    case phrases(PhraseBook.Learned)
    /// A column of so many rows was smaller without: as words of a dictionary, or as its texts are.
    case noPhrases(rows: Int, hasWords: Bool)

    fileprivate var cost: Int {
      if case .phrases(let learned) = self { learned.byteCount } else { 64 }
    }
  }

  private struct State {
    var findings: [Column: Finding] = [:]
    var bytes = 0
  }

  private let byteLimit: Int
  private let state = Guarded(State())

  package init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// What is known of a column.
  package func finding(of column: Column) -> Finding? { state.withLock { $0.findings[column] } }

  /// Keeps what was found, while there is room. Phrases stay, whatever a smaller output did without.
  package func keep(_ finding: Finding, of column: Column) {
    state.withLock { state in
      if case .noPhrases = finding, case .phrases = state.findings[column] { return }
      let bytes = state.bytes + finding.cost - (state.findings[column]?.cost ?? 0)
      guard bytes <= byteLimit else { return }
      state.findings[column] = finding
      state.bytes = bytes
    }
  }
}
