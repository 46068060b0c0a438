// Owns what has to be done each day, whoever asks or does not: measures lifted, the log brought in, what is overdue told.
// Invariants: may be done as often as one likes; each part is done though another fails.

import CreditModel
import CreditStore

/// What a day's work did, and whom it is to remind (日常任务结果).
public struct DailyWork: Codable, Sendable, Equatable {
  /// Measures that were lifted, or are due again.
  public var measures: [MeasureFeedback] = []
  /// Applications for repair whose next day is over.
  public var overdueRepairs: [String] = []
  /// Objections whose day is over.
  public var overdueObjections: [String] = []
  /// Commitments whose last day is over and of which nobody found whether they were kept.
  public var overdueCommitments: [String] = []
  /// Lines of the access log that came into the store.
  public var foldedLines = 0
  /// What could not be done, by part.
  public var problems: [String: String] = [:]
}

extension AccessSession {
  /// Does what has to be done each day; a service that runs for long calls it, or `credit daily` does.
  ///
  /// - Returns: what was done, and the numbers of cases that are overdue.
  /// - Throws: `AccessRefusal` for whoever may not; what fails in a part stands in the result.
  public func doDailyWork() throws -> DailyWork {
    try perform(.measure) { reading, _ in
      guard reading.audience == .centre else {
        throw AccessRefusal(.notCompetent, "the day's work is the centre's")
      }
    }
    var work = DailyWork()
    func part(_ name: String, _ body: () throws -> Void) {
      do { try body() } catch { work.problems[name] = "\(error)" }
    }
    part("measures") { work.measures = try liftMeasures() }
    part("repairs") { work.overdueRepairs = try overdueRepairs().map(\.id) }
    part("objections") { work.overdueObjections = try overdueObjections().map(\.id) }
    part("commitments") { work.overdueCommitments = try overdueCommitments().map(\.id) }
    part("log") {
      // This process's own file too: the next line begins another one.
      try platform.log.seal()
      work.foldedLines = try platform.foldLog()
    }
    return work
  }
}
