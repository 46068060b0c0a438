// Owns `credit publicity`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

struct PublicityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "publicity",
    abstract: "Double publicity: lists, monthly statements, how long decisions are public.",
    subcommands: [List.self, Statement.self, Periods.self, Finding.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records of an entry as everybody may see them, the latest first.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Code of the entry.") var entry: String
    @Option(help: "Records of the page.") var limit: Int = 50
    @Option(help: "Where the page before ended.") var after: String?
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(audience: .everybody, today: today) { session, _ in
        let page = try session.publicList(entry, after: after, limit: limit)
        if platform.output.json {
          try platform.show(page, "")
          return
        }
        try platform.show(page.records, ["day", "until", "subject", "content"]) { record in
          [
            record.day?.description ?? "-", record.publication?.lastDay?.description ?? "-",
            record.subjectName ?? "-", record.items.prefix(8).map(\.value).joined(separator: " "),
          ]
        }
      }
    }
  }

  struct Statement: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The double publicity of every unit in a month: in time, by the rules, nothing held back.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Month, such as 2026-10.") var month: Month
    @Option(help: "Code of an entry; may be repeated.") var entry: [String] = ["XZXK", "XZCF"]
    @Option(
      help: ArgumentHelp("JSON file of what inspections found units to have produced.", valueName: "file"))
    var produced: String?

    func run() async throws {
      try await platform.run { session, _ in
        if let produced { try session.note(try ApplicationFile.values(produced, as: ProducedDecisions.self)) }
        try platform.show(
          try session.publicityStatement(of: month, entries: entry),
          [
            "entry", "unit", "reported", "taken", "records", "timely %", "by second limit %", "compliance %",
            "held back ‰",
          ]
        ) { row in
          func rate(_ value: Double?) -> String { value.map { "\($0)" } ?? "-" }
          return [
            row.entry, row.unit ?? "-", String(row.reported), String(row.taken), String(row.records),
            rate(row.timelyRate), rate(row.secondTimelyRate), rate(row.complianceRate),
            rate(row.concealmentRate),
          ]
        }
      }
    }
  }

  struct Finding: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says how grave decisions are, with the evidence, from a JSON file: one object or an array.",
      discussion: """
        A finding is {"entry","key","breachClass","isShownByDecision","isNeverRepaired","evidence","unit"}, and may have procedure (simplified, ordinary); classes \
        are minor, general, serious and speciallySerious.
        """)
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Identifier of the subject.") var subject: String
    @Argument(help: "The file.") var file: String

    func run() async throws {
      try await platform.run { session, _ in
        let findings = try ApplicationFile.values(file, as: BreachFinding.self)
        for finding in findings { try session.note(finding, of: subject) }
        try platform.show(["noted": findings.count], "\(findings.count) findings noted")
      }
    }
  }

  struct Periods: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "How long the decisions about a subject are public, and from when on repair may be applied for.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Identifier of the subject.") var subject: String
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let day = today ?? CreditDatabase.today()
        let records = try session.records(of: subject).filter { $0.publication != nil }.map {
          $0.maskingNumbers(on: day)
        }
        try platform.show(
          records, ["entry", "key", "day", "shown", "until", "repair from", "class", "rules", "reason"]
        ) { record in
          let publication = record.publication
          return [
            record.entry, record.key ?? "-", record.day?.description ?? "-",
            publication?.isShown == true ? "yes" : "no", publication?.lastDay?.description ?? "-",
            publication?.earliestRepair?.description ?? "-", publication?.breachClass?.rawValue ?? "-",
            publication?.regime ?? "-", publication?.reason.rawValue ?? "-",
          ]
        }
      }
    }
  }
}
