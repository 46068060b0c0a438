// Owns `credit measures`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

struct MeasuresCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measures",
    abstract: "Joint rewards and punishments: memoranda, checks at a counter, lifting (联合奖惩).",
    subcommands: [Import.self, Check.self, Report.self, Lift.self, Use.self])

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
    @Option(help: "Credit code of the unit that asks; measures of all units without it.") var unit: String?
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      // Of a unit what a unit sees: what is shielded, or another's beside a link, brings no measure about there.
      try await platform.run(audience: unit == nil ? .centre : .government, unit: unit, today: today) {
        session, _ in
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

  struct Report: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tells that a unit took a measure that a check gave (联合奖惩反馈).")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "What the feedback is called, unique.") var number: String
    @Option(help: "Identifier of the subject.") var subject: String
    @Option(help: "Code of the measure.") var measure: String
    @Option(help: "The matter.") var matter: String?
    @Option(help: "Credit code of the unit.") var unit: String
    @Option(help: "Code of the entry whose record brings it about, where several do.") var entry: String?
    @Option(help: "Record key of that record.") var key: String?
    @Option(help: "What was done.") var result: String
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(audience: .government, unit: unit, today: today) { session, _ in
        let check = try session.check(subject, matter: matter)
        let all = check.measures.filter { due in
          let membership = check.memberships[due.membership]
          return due.measure == measure && entry ?? membership.entry == membership.entry
            && key ?? membership.key == membership.key
        }
        guard let due = all.first else {
          throw CreditError(
            "measureNotDue", "measure \(measure) is not due for this subject, unit and matter")
        }
        guard Set(all.map(\.membership)).count == 1 else {
          throw CreditError(
            "severalRecords",
            "\(all.count) records bring measure \(measure) about; say which with --entry and --key")
        }
        try session.report(
          number, of: subject, due, because: check.memberships[due.membership], result: result)
        try platform.show(["reported": number], "\(number) is noted")
      }
    }
  }

  struct Lift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Lifts the measures whose ground is gone, and tells which are due again; `credit daily` does it.")
    @OptionGroup var platform: PlatformOptions
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        try platform.show(
          try session.liftMeasures(), ["measure", "unit", "taken", "lifted because", "due again"]
        ) {
          [
            $0.measure, $0.unit ?? "-", $0.day.description, $0.liftedBecause ?? "-",
            $0.dueAgainOn?.description ?? "-",
          ]
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
