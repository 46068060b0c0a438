// Owns what becomes of a commitment: its states, and the steps between them.
// Invariants: steps are only added; a broken commitment stays broken until somebody finds that it was made good.
// Does not write records (CommitmentRecord).

public import CreditModel
import CreditStore

/// A commitment and what became of it (信用承诺及履行情况).
public struct Commitment: Codable, Sendable, Equatable {
  /// Where it stands.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// Made; nobody found yet whether it is kept (履行中).
    case made
    /// Kept (全部履行).
    case kept
    /// Kept in part (部分履行).
    case partlyKept
    /// Broken (违诺).
    case broken
    /// Broken, and made good since (违诺后纠正).
    case remedied
    /// Void: it should never have been entered (撤销).
    case withdrawn
  }

  /// What the subject committed itself to.
  public var letter: CommitmentLetter
  /// Credit code of the unit that accepted it; `nil` = the centre.
  public var acceptanceUnit: String?
  /// The day on which it was made.
  public var madeOn: Day
  /// Where it stands.
  public var state: State
  /// The last day for keeping it, with its extensions.
  public var performBy: Day?
  /// What was not kept.
  public var unkept: String?
  /// What follows from that.
  public var consequence: String?
  /// The day on which the state was found.
  public var foundOn: Day?
  /// Whether its entry has a record of it.
  public var hasRecord: Bool
  /// What happened.
  public var steps: [CaseStep]

  /// Number of the commitment.
  public var id: String { letter.id }

  /// Whether the last day for keeping it is over and nobody found whether it was kept.
  func isOverdue(on day: Day) -> Bool {
    (state == .made || state == .partlyKept) && performBy.map { $0 < day } ?? false
  }

  /// Takes a step, where it follows from the state.
  mutating func take(_ step: CommitmentStep, on day: Day) throws {
    if step.texts.contains(where: { $0.allSatisfy(\.isWhitespace) }) {
      throw CreditError("reasonMissing", "say what was found, and what follows")
    }
    switch (state, step) {
    case (.made, .keep), (.partlyKept, .keep):
      (state, unkept, consequence) = (.kept, nil, nil)
    case (.made, .keepPartly(let unkept, let consequence)):
      (state, self.unkept, self.consequence) = (.partlyKept, unkept, consequence)
    // What is found later counts, also where all seemed well.
    case (.made, .breach(let unkept, let consequence)), (.partlyKept, .breach(let unkept, let consequence)),
      (.kept, .breach(let unkept, let consequence)):
      (state, self.unkept, self.consequence) = (.broken, unkept, consequence)
    case (.broken, .remedy): state = .remedied
    case (.made, .extend(let until, _)), (.partlyKept, .extend(let until, _)):
      guard until > performBy ?? day else {
        throw CreditError("invalidDate", "an extension ends behind the day it extends")
      }
      performBy = until
      return
    case (.withdrawn, _): throw refusal(of: step)
    case (_, .withdraw): state = .withdrawn
    default: throw refusal(of: step)
    }
    foundOn = day
  }

  private func refusal(of step: CommitmentStep) -> AccessRefusal {
    AccessRefusal(.wrongState, "\(step.name) does not follow from \(state.rawValue)")
  }
}

/// A step of a commitment (承诺履行认定).
public enum CommitmentStep: Sendable, Equatable {
  /// It was kept (全部履行).
  case keep(String?)
  /// It was kept in part: what was not, and what follows (部分履行).
  case keepPartly(unkept: String, consequence: String)
  /// It was broken: what was not kept, and what follows (违诺).
  case breach(unkept: String, consequence: String)
  /// It was made good, and how (违诺后纠正).
  case remedy(String)
  /// There is time until another day, and why (延期).
  case extend(Day, String)
  /// It should never have been entered, and why (撤销).
  case withdraw(String)

  var name: String {
    switch self {
    case .keep: "kept"
    case .keepPartly: "partlyKept"
    case .breach: "broken"
    case .remedy: "remedied"
    case .extend: "extended"
    case .withdraw: "withdrawn"
    }
  }

  var note: String? {
    switch self {
    case .keep(let note): note
    case .keepPartly(let unkept, let consequence), .breach(let unkept, let consequence):
      unkept + "；" + consequence
    case .remedy(let note), .withdraw(let note): note
    case .extend(let day, let note): "\(day) " + note
    }
  }

  /// What has to be said.
  var texts: [String] {
    switch self {
    case .keep: []
    case .keepPartly(let unkept, let consequence), .breach(let unkept, let consequence):
      [unkept, consequence]
    case .remedy(let note), .withdraw(let note), .extend(_, let note): [note]
    }
  }
}
