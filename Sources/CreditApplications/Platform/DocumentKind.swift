// Owns the names of the kinds of documents the platform keeps in the store.
// Invariants: the names are stored and never change.

import CreditStore

enum DocumentKind {
  // Settings of the platform: few, read as a whole.
  static let role = "role"
  static let assignment = "assignment"
  static let policy = "policy"
  static let publicationRules = "publicationRules"
  static let publicationMapping = "publicationMapping"
  static let calendar = "calendar"
  static let deadlineRules = "deadlineRules"

  static let measure = "measure"
  static let memorandum = "memorandum"
  static let reviewKind = "reviewKind"

  /// All settings.
  static let settings: Set<String> = [
    role, assignment, policy, publicationRules, publicationMapping, calendar, deadlineRules, measure,
    memorandum, reviewKind,
  ]

  /// Written with each change of a setting, so that whoever holds them knows that they are no longer what they were.
  static let revision = "settingsRevision"
  /// The key under which subjects are hashed in the log.
  static let key = "key"
  /// A log file that was folded into the store.
  static let logFile = "logFile"
  /// The last of them.
  static let logHead = "logHead"
  /// What an organ said of a decision.
  static let breachFinding = "breachFinding"
  /// How many decisions a unit made, as an inspection found.
  static let produced = "produced"
  /// A report that was issued.
  static let report = "report"
  /// An application for a report.
  static let reportApplication = "reportApplication"
  /// A consent of a subject; the exchange reads it too.
  static let consent = ConsentDocument.kind
  /// A measure that a unit took.
  static let feedback = "feedback"
  /// A version of a model of evaluation.
  static let model = "model"
  /// A result of one that is kept.
  static let evaluation = "evaluation"
  /// A list of subjects that are watched.
  static let watch = "watch"
  /// Where its events end.
  static let watchPlace = "watchPlace"
  /// An application for repair.
  static let repair = "repair"
  /// The decision of an application that was approved.
  static let repairDecision = "repairDecision"
  /// That records of a body in reorganisation are not shown.
  static let shielding = ShieldingDocument.kind
  /// Ids of those that are not over.
  static let shieldings = ShieldingDocument.listKind
  /// An objection.
  static let objection = "objection"
  /// A request for a review.
  static let review = "review"
  /// One of its subjects.
  static let reviewLine = "reviewLine"
  /// A commitment.
  static let commitment = "commitment"
}
