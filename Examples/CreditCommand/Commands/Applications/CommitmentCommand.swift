// Owns `credit commitment`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

struct CommitmentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commitment", abstract: "Commitments of subjects, and how they are kept (信用承诺).",
    subcommands: [Make.self, Step.self, List.self])

  struct Make: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Accepts commitments from a JSON file: one object or an array.",
      discussion: """
        A commitment is {"id","subject":{"kind","text"},"name","kind","matter","content","liability","document":{"title","sha256"},"acceptanceUnit"}, and may have \
        performBy, validUntil, publication (everybody, limited, nobody) and, for kind creditRepair, repairCase. Kinds are approval, missingMaterial, certificate, \
        creditRepair, selfDiscipline, voluntary and other. Its record comes with the first finding where the entry asks whether it was kept, and else at once.
        """)
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "The file.") var file: String
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let letters = try ApplicationFile.values(file, as: CommitmentLetter.self)
        for letter in letters {
          let commitment = try session.commit(letter)
          try platform.show(
            commitment,
            "\(commitment.id) is made"
              + (commitment.performBy.map { "; to be kept by \($0)" } ?? ""))
        }
      }
    }
  }

  struct Step: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes a step of a commitment: keep, partly, breach, remedy, extend or withdraw.")

    enum Word: String, CaseIterable, ExpressibleByArgument {
      case keep, partly, breach, remedy, extend, withdraw
    }

    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the commitment.") var number: String
    @Argument(help: "The step.") var step: Word
    @Option(help: "Why, or how; needed to remedy, extend and withdraw.") var note: String = ""
    @Option(help: "What was not kept; needed for partly and breach.") var unkept: String = ""
    @Option(help: "What follows from that; needed for partly and breach.") var consequence: String = ""
    @Option(help: "For extend: the last day for keeping it.") var until: Day?
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let commitment = try session.takeStep(ofCommitment: number, try next)
        try platform.show(commitment, "\(number) is \(commitment.state.rawValue)")
      }
    }

    private var next: CommitmentStep {
      get throws {
        switch step {
        case .keep: return .keep(note.isEmpty ? nil : note)
        case .partly: return .keepPartly(unkept: unkept, consequence: consequence)
        case .breach: return .breach(unkept: unkept, consequence: consequence)
        case .remedy: return .remedy(note)
        case .withdraw: return .withdraw(note)
        case .extend:
          guard let until else { throw CreditError("invalidDate", "say until when, with --until") }
          return .extend(until, note)
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the commitments of a subject, or without one those whose last day is over.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Identifier of the subject.") var subject: String?
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let found = try subject.map { try session.commitments(of: $0) } ?? session.overdueCommitments()
        try platform.show(found, ["number", "kind", "matter", "made", "keep by", "state", "unit"]) { one in
          [
            one.id, one.letter.kind.rawValue, one.letter.matter, one.madeOn.description,
            one.performBy?.description ?? "-", one.state.rawValue, one.acceptanceUnit ?? "-",
          ]
        }
      }
    }
  }
}
