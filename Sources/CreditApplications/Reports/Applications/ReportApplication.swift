// Owns an application for a credit report: who asks, about whom, what for, and what became of it.
// Invariants: steps are only added; a report is issued once for an application, in the commit that says so.

public import CreditModel
import CreditStore

/// An application for a credit report (信用报告申请).
///
/// Source: the application data of a running city platform; see docs/sources.md.
public struct ReportApplication: Codable, Sendable, Equatable {
  /// What has become of an application.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// Nobody has decided yet (待审核).
    case pending
    /// Given back for more material (退回补正).
    case returned
    /// The centre refused it (审核不通过).
    case refused
    /// The centre passed it: the report may be issued (审核通过).
    case passed
    /// The report was issued (已出具).
    case issued
  }

  /// In whose name it is asked for.
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// The subject asks about itself (自查).
    case own
    /// Somebody with a letter of authority does (委托查询).
    case entrusted
  }

  /// Who hands the application in (经办人).
  public struct Applicant: Codable, Sendable, Equatable {
    /// The name.
    public var name: String
    /// The number of the identity document; masked wherever an application is shown.
    public var number: String?
    /// The telephone number; masked wherever an application is shown.
    public var phone: String?

    /// Makes an applicant.
    public init(name: String, number: String? = nil, phone: String? = nil) {
      self.name = name
      self.number = number
      self.phone = phone
    }
  }

  /// Number of the case, unique.
  public var id: String
  /// About whom.
  public var subject: Identifier
  /// In whose name.
  public var kind: Kind
  /// Who hands it in.
  public var applicant: Applicant
  /// What the report is used for (申请用途), such as 招投标.
  public var purpose: String
  /// Id of the layout; `nil` = that of 2022 for the kind of subject.
  public var template: String?
  /// The first day of the period; `nil` = all earlier ones.
  public var from: Day?
  /// The last day of the period; `nil` = the day of issue.
  public var until: Day?
  /// Licence, letter of authority, identity document.
  public var materials: [CaseMaterial]
  /// What has become of it.
  public var state: State
  /// What happened.
  public var steps: [CaseStep]
  /// The number of the report, once it is issued.
  public var reportNumber: String?

  /// Makes an application to be handed in.
  public init(
    id: String, subject: Identifier, kind: Kind, applicant: Applicant, purpose: String,
    template: String? = nil, from: Day? = nil, until: Day? = nil, materials: [CaseMaterial] = []
  ) {
    self.id = id
    self.subject = subject
    self.kind = kind
    self.applicant = applicant
    self.purpose = purpose
    self.template = template
    self.from = from
    self.until = until
    self.materials = materials
    state = .pending
    steps = []
  }
}

/// A step of an application for a report (信用报告申请办理环节).
public enum ReportApplicationStep: Sendable, Equatable {
  /// Passes it (审核通过).
  case pass(String?)
  /// Refuses it, and says why (审核不通过).
  case refuse(String)
  /// Gives it back for more material, and says which (退回补正).
  case giveBack(String)
  /// Hands more material in (补正).
  case supplement([CaseMaterial])

  var name: String {
    switch self {
    case .pass: "passed"
    case .refuse: "refused"
    case .giveBack: "returned"
    case .supplement: "supplemented"
    }
  }

  var note: String? {
    switch self {
    case .pass(let note): note
    case .refuse(let note), .giveBack(let note): note
    case .supplement: nil
    }
  }

  /// Whether it is the applicant's to take.
  var isApplicants: Bool { if case .supplement = self { true } else { false } }
}

extension ReportApplication {
  /// Takes a step, where it follows from the state.
  mutating func take(_ step: ReportApplicationStep) throws {
    switch step {
    case .refuse(let note), .giveBack(let note):
      guard !note.allSatisfy(\.isWhitespace) else { throw CreditError("reasonMissing", "say why") }
    case .pass, .supplement: break
    }
    switch (state, step) {
    case (.pending, .pass): state = .passed
    // A pass by mistake can be taken back until the report is issued.
    case (.pending, .refuse), (.returned, .refuse), (.passed, .refuse): state = .refused
    case (.pending, .giveBack): state = .returned
    case (.returned, .supplement(let more)):
      guard !more.isEmpty, more.allSatisfy(\.isSound) else {
        throw CreditError("materialMissing", "each document has a title and a SHA-256")
      }
      materials += more
      state = .pending
    default: throw AccessRefusal(.wrongState, "\(step.name) does not follow from \(state.rawValue)")
    }
  }
}
