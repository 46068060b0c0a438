// Owns the sub-commands of `credit repair` for credit repair, and `credit objection`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore
import Foundation

/// A record that a case is about.
struct CaseRecord: ParsableArguments {
  @Option(help: "Code of the entry.") var entry: String
  @Option(help: "Identifier of the subject.") var subject: String
  @Option(help: "Record key.") var key: String
}

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Hands in an application for the repair of a record (信用修复申请).")
  @OptionGroup var platform: PlatformOptions
  @Argument(help: "Number of the case.") var number: String
  @OptionGroup var record: CaseRecord
  @Option(help: "endPublication, leaveSeriousBreachList, leaveAbnormalList or other.")
  var kind: RepairApplication.Kind?
  @Option(help: "File that proves that duties are done; may be repeated.") var material: [String]
  @Option(help: "File with the commitment letter.") var commitment: String
  @Option(help: "Day whose rules count; today without it.") var today: Day?

  func run() async throws {
    try await platform.run(today: today) { session, _ in
      let application = try session.applyForRepair(
        number, of: record.subject, entry: record.entry, key: record.key, kind: kind,
        materials: try material.map(ApplicationFile.material),
        commitment: try ApplicationFile.material(commitment))
      try platform.show(application, "applied; to be accepted or not by \(application.acceptBy)")
    }
  }
}

struct StepCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract:
      "Takes a step in a case of repair: accept, reject, return, supplement, extend, approve, refuse, false (material) or break."
  )

  enum Step: String, CaseIterable, ExpressibleByArgument {
    case accept, reject, `return`, supplement, extend, approve, refuse, `false`, `break`
  }

  @OptionGroup var platform: PlatformOptions
  @Argument(help: "Number of the case.") var number: String
  @Argument(help: "The step.") var step: Step
  @Option(help: "Why; needed to reject, return, extend, refuse and break.") var note: String = ""
  @Option(help: "File that is handed in; may be repeated.") var material: [String] = []
  @Option(help: "Day whose rules count; today without it.") var today: Day?

  func run() async throws {
    try await platform.run(today: today) { session, _ in
      let next: RepairStep =
        switch step {
        case .accept: .accept
        case .reject: .reject(note)
        case .return: .giveBack(note)
        case .supplement: .supplement(try material.map(ApplicationFile.material))
        case .extend: .extend(note)
        case .approve: .approve(note.isEmpty ? nil : note)
        case .refuse: .refuse(note)
        case .false: .refuseFalseMaterial(note)
        case .break: .breakCommitment(note)
        }
      let application = try session.takeStep(number, next)
      try platform.show(application, "\(number) is \(application.state.rawValue)")
    }
  }
}

struct CasesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cases",
    abstract: "Lists the applications of a subject, or without one those that are overdue.")
  @OptionGroup var platform: PlatformOptions
  @Argument(help: "Identifier of the subject.") var subject: String?
  @Option(help: "Day whose rules count; today without it.") var today: Day?

  func run() async throws {
    try await platform.run(today: today) { session, _ in
      let found = try subject.map { try session.repairs(of: $0) } ?? session.overdueRepairs()
      try platform.show(found, ["number", "entry", "key", "state", "accept by", "decide by", "result by"]) {
        one in
        [
          one.id, one.entry, one.key, one.state.rawValue, one.acceptBy.description,
          one.decideBy?.description ?? "-", one.resultBy.description,
        ]
      }
    }
  }
}

extension RepairApplication.Kind: @retroactive ExpressibleByArgument {}

struct DecisionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decision", abstract: "Prints the decision of a repair that was approved (信用修复决定书).")
  @OptionGroup var platform: PlatformOptions
  @Argument(help: "Number of the case.") var number: String
  @Option(help: ArgumentHelp("Write it as a page for printing.", valueName: "file")) var html: String?
  private struct Verified: Encodable {
    var isGenuine: Bool
    var undoneOn: Day?
  }

  @Option(help: "Only say whether a decision with this verification code was made; exit 1 where not.")
  var verify: String?

  func run() async throws {
    try await platform.run { session, _ in
      if let verify {
        let found = try session.verifyRepairDecision(number, code: verify)
        try platform.show(
          Verified(isGenuine: found != nil, undoneOn: found?.undoneOn),
          found.map { $0.undoneOn.map { "genuine, and undone on \($0)" } ?? "genuine" } ?? "no such decision")
        if found == nil { throw CommandFailure() }
        return
      }
      let decision = try session.repairDecision(number)
      if let html { try Data(decision.html.utf8).write(to: URL(fileURLWithPath: html)) }
      try platform.show(
        decision,
        "\(decision.kind.title)  \(decision.name ?? decision.subject)  \(decision.entry) \(decision.key)  \(decision.decidedOn)  核验码 \(decision.verificationCode)"
      )
    }
  }
}

struct ObjectionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "objection", abstract: "Objections to records (异议处理).",
    subcommands: [Submit.self, Step.self, Decide.self, List.self])

  struct Step: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes a step before the decision: return, supplement, extend, refuse or retract.")

    enum Word: String, CaseIterable, ExpressibleByArgument {
      case `return`, supplement, extend, refuse, retract
    }

    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the case.") var number: String
    @Argument(help: "The step.") var step: Word
    @Option(help: "Why; needed but to supplement.") var note: String = ""
    @Option(help: "File that is handed in; may be repeated.") var material: [String] = []
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let next: ObjectionStep =
          switch step {
          case .return: .giveBack(note)
          case .supplement: .supplement(try material.map(ApplicationFile.material))
          case .extend: .extend(note)
          case .refuse: .refuse(note)
          case .retract: .retract(note)
          }
        let objection = try session.takeStep(ofObjection: number, next)
        try platform.show(
          objection, "\(number) is \(objection.state.rawValue); to be decided by \(objection.decideBy)")
      }
    }
  }

  struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Hands in an objection; the record is marked as disputed until it is decided.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the case.") var number: String
    @OptionGroup var record: CaseRecord
    @Option(help: "Why.") var reason: String
    @Option(help: "File that proves it; may be repeated.") var material: [String] = []
    @Option(help: "Day whose rules count; today without it.") var today: Day?
    @Argument(help: "What is wrong, as ITEM=VALUE; none = the record as a whole.") var claims: [String] = []

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let objection = try session.object(
          number, of: record.subject, entry: record.entry, key: record.key, claims: claims.map(Self.claim),
          reason: reason, materials: try material.map(ApplicationFile.material))
        try platform.show(objection, "submitted; to be decided by \(objection.decideBy)")
      }
    }

    private static func claim(_ text: String) -> Objection.Claim {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return Objection.Claim(item: parts[0], value: parts.count > 1 && !parts[1].isEmpty ? parts[1] : nil)
    }
  }

  struct Decide: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Decides about an objection; the record changes in the same commit.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the case.") var number: String
    @Argument(help: "upheld, corrected or withdrawn.") var state: Objection.State
    @Option(help: "Why.") var note: String
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let objection = try session.decideObjection(number, state, note: note)
        try platform.show(objection, "\(number) is \(objection.state.rawValue)")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the objections to a subject's records, or without one those that are overdue.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Identifier of the subject.") var subject: String?
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        try platform.show(
          try subject.map { try session.objections(of: $0) } ?? session.overdueObjections(),
          ["number", "entry", "key", "state", "decide by", "reason"]
        ) { [$0.id, $0.entry, $0.key, $0.state.rawValue, $0.decideBy.description, $0.reason] }
      }
    }
  }
}

extension Objection.State: @retroactive ExpressibleByArgument {}
