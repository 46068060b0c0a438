// Owns `credit quality`: how good the records of units are, and the points units get.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct QualityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quality",
    abstract: "Measures how complete and timely records are; gives units their points.",
    subcommands: [RecordsCommand.self, RowsCommand.self, ScorecardCommand.self],
    defaultSubcommand: RecordsCommand.self)

  /// The days that count.
  struct Days: ParsableArguments {
    @Option(help: "Only records committed on this day or later.")
    var from: Day?
    @Option(help: "Only records committed on this day or earlier.")
    var until: Day?
    @Option(help: ArgumentHelp("Days after an event within which its record is in time.", valueName: "days"))
    var timelyDays = 7
    @Flag(help: "These are working days, by the holidays announced for 2018 to 2026.")
    var workingDays = false
    @Option(
      help: "A JSON file with more years, [{\"year\",\"off\",\"worked\"}]: days as MM-DD or MM-DD..MM-DD.")
    var calendar: String?

    func timely() throws -> TimelyLimit {
      guard (0...10_000).contains(timelyDays) else { throw ValidationError("--timely-days is 0 to 10000") }
      guard workingDays || calendar != nil else { return .calendarDays(timelyDays) }
      guard timelyDays > 0 else { throw ValidationError("--timely-days is 1 to 10000 working days") }
      guard let calendar else { return .workingDays(timelyDays) }
      let years = try RegisterFile.objects(in: calendar, WorkingCalendar.Year.self)
      return .workingDays(timelyDays, .national.merging(try WorkingCalendar(years: years)))
    }

    func range() throws -> ClosedRange<Day>? {
      guard from != nil || until != nil else { return nil }
      let (first, last) = (from ?? .minimum, until ?? .maximum)
      guard first <= last else { throw ValidationError("--from is behind --until") }
      return first...last
    }
  }

  static func percent(_ rate: Double?) -> String? { rate.map { String(format: "%.2f", $0) } }

  struct RecordsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "records", abstract: "Completeness and timeliness by entry and unit.")

    @OptionGroup var store: StoreArgument
    @Option(help: "Code of a catalogue entry; may be repeated. All entries without it.")
    var entry: [String] = []
    @Option(help: "Only records of this unit.")
    var unit: String?
    @OptionGroup var days: Days
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let rows = try store.openForReading().snapshot().recordQuality(
          of: entry, days: days.range(), unit: unit, timely: days.timely())
        if !output.json {
          Terminal.table(
            ["entry", "unit", "records", "complete %", "in time %"],
            rows.map {
              [
                $0.entry, $0.unit ?? "", String($0.records), QualityCommand.percent($0.completeness) ?? "",
                QualityCommand.percent($0.timeliness) ?? "",
              ]
            })
          return
        }
        func rate(_ rate: Double?) -> JSON { QualityCommand.percent(rate).map { .string($0) } ?? .null }
        for row in rows {
          Terminal.line(
            JSON.object([
              ("entry", .string(row.entry)), ("unit", row.unit.map { .string($0) } ?? .null),
              ("records", .int(row.records)), ("expectedValues", .int(row.expectedValues)),
              ("presentValues", .int(row.presentValues)), ("datedRecords", .int(row.datedRecords)),
              ("timelyRecords", .int(row.timelyRecords)), ("completeness", rate(row.completeness)),
              ("timeliness", rate(row.timeliness)),
            ]).text)
        }
      }
    }
  }

  struct RowsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rows", abstract: "The records behind a figure: incomplete ones, or late ones.",
      discussion: "Records come as of `credit query`, in pages; days and --timely-days as they were measured."
    )

    @OptionGroup var store: StoreArgument
    @Option(help: "Code of the catalogue entry.")
    var entry: String
    @Option(help: "Credit code of the unit; records that name none without it.")
    var unit: String?
    @Option(help: "What is wrong with them: incomplete or late.")
    var problem: QualityProblem
    @OptionGroup var days: Days
    @Option(help: "Records of a page, 1 to 10000.")
    var limit = 100
    @Option(help: "Where the page before ended.")
    var after: String?
    @OptionGroup var masking: MaskingOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let presentation = try masking.presentation()
        let snapshot = try store.openForReading().snapshot()
        let filter = try snapshot.filter(
          for: problem, inRecordsOf: entry, unit: unit, days: days.range(), timely: days.timely())
        let query = RecordQuery(entries: [entry], filter: filter, limit: limit, cursor: after)
        let page = try await snapshot.recordsInBackground(matching: query)
        RecordOutput.page(page, query, presentation, json: output.json)
      }
    }
  }

  struct ScorecardCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "scorecard", abstract: "The points of units, and the figures they are made of.",
      discussion:
        "--rules names a JSON file with [{\"figure\",\"points\",\"fullFrom\"}]; figures are effectiveLoading, completeness, accuracy, timeliness, tasks and "
        + "automaticChannel, fullFrom is the share in a hundred from which on there are all points.")

    @OptionGroup var store: StoreArgument
    @Option(help: "Only this unit.")
    var unit: String?
    @Option(help: "A JSON file with what there are points for.")
    var rules: String?
    @OptionGroup var days: Days
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let rules =
          try rules.map { try RegisterFile.objects(in: $0, ScorecardRule.self) } ?? ScorecardRule.usual
        let today = CreditDatabase.today()
        let year = Day(year: today.components.year, month: 1, day: 1) ?? today
        let cards = try store.openForReading().snapshot().scorecards(
          days: days.range() ?? year...today, on: today, rules: rules, timely: days.timely()
        ).filter { card in unit.map { $0 == card.unit } ?? true }
        if !output.json {
          Terminal.table(
            ["unit", "reported"] + rules.map { "\($0.figure.rawValue) /\($0.points)" } + [
              "points", "possible",
            ],
            cards.map { card in
              [card.unit, String(card.reported)] + card.lines.map { $0.points.map { "\($0)" } ?? "" }
                + ["\(card.points)", "\(card.possible)"]
            })
          return
        }
        for card in cards {
          let lines = card.lines.map { line in
            JSON.object([
              ("figure", .string(line.rule.figure.rawValue)),
              ("share", line.share.map { .number($0) } ?? .null),
              ("points", line.points.map { .number($0) } ?? .null), ("possible", .number(line.rule.points)),
            ])
          }
          Terminal.line(
            JSON.object([
              ("unit", .string(card.unit)), ("reported", .int(card.reported)),
              ("points", .number(card.points)),
              ("possible", .number(card.possible)), ("lines", .array(lines)),
            ]).text)
        }
      }
    }
  }
}

extension QualityProblem: @retroactive ExpressibleByArgument {}
