// Owns `credit measures`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

struct MeasuresCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measures",
    abstract: "Joint rewards and punishments: memoranda, checks at a counter, lifting (联合奖惩).",
    subcommands: [Import.self, Check.self, Lift.self, Use.self])

  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Enters memoranda, and measures, from JSON files.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "File with memoranda: one object or an array.") var file: String
    @Option(help: "File with measures.") var measures: String?

    func run() async throws {
      try await platform.run { session, _ in
        let memoranda = try ApplicationFile.values(file, as: Memorandum.self)
        let list = try measures.map { try ApplicationFile.values($0, as: Measure.self) } ?? []
        try session.publish(list, memoranda)
        try platform.show(
          ["memoranda": memoranda.count, "measures": list.count], "\(memoranda.count) memoranda published")
      }
    }
  }

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Which lists subjects are on, and which measures follow in a matter.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Identifiers.") var subjects: [String]
    @Option(help: "The matter.") var matter: String?
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        try platform.show(
          try session.check(subjects, matter: matter), ["subject", "lists", "measures"]
        ) { check in
          [
            check.subject, check.memberships.map(\.list).joined(separator: ", "),
            check.measures.map { "\($0.measure) \($0.name)" }.joined(separator: ", "),
          ]
        }
      }
    }
  }

  struct Lift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lifts the measures whose memberships are over, repaired or withdrawn; run daily.")
    @OptionGroup var platform: PlatformOptions
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        try platform.show(try session.liftMeasures(), ["measure", "unit", "taken", "because"]) {
          [$0.measure, $0.unit ?? "-", $0.day.description, $0.liftedBecause ?? "-"]
        }
      }
    }
  }

  struct Use: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "How often measures were taken and lifted.")
    @OptionGroup var platform: PlatformOptions

    func run() async throws {
      try await platform.run { session, _ in
        try platform.show(try session.measureUse(), ["measure", "unit", "taken", "lifted"]) {
          [$0.measure, $0.unit ?? "-", String($0.taken), String($0.lifted)]
        }
      }
    }
  }
}
