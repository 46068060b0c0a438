// Owns `credit tasks`: what units have to report, and what is overdue.

import ArgumentParser
import Console
import CreditModel
import CreditStore

struct TasksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tasks", abstract: "Enters collection tasks; says what was reported and what is overdue.",
    subcommands: [ImportCommand.self, ListCommand.self, StatusCommand.self, NothingCommand.self])

  static func json(_ task: CollectionTask) -> [(String, JSON)] {
    [
      ("unit", .string(task.unit)), ("entry", .string(task.entry)), ("cycle", .string(task.cycle.rawValue)),
      ("dueDays", .int(task.dueDays)), ("from", .string(task.from.description)),
      ("until", task.until.map { .string($0.description) } ?? .null),
    ]
  }

  struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Enters tasks from a JSON file: one object or an array.",
      discussion:
        "A task is {\"unit\",\"entry\",\"cycle\",\"dueDays\",\"from\",\"until\"}: cycle is daily, weekly, monthly, quarterly or yearly, dueDays counts calendar "
        + "days behind the end of a period, until may be left out.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "The JSON file.")
    var file: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await RegisterFile.enter(file, into: store, waiting, output) {
        (database, tasks: [CollectionTask]) in
        try database.publish(tasks)
      }
    }
  }

  struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists tasks.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let tasks = try store.openForReading().snapshot().tasks()
        if !output.json {
          Terminal.table(
            ["unit", "entry", "cycle", "due days", "from", "until"],
            tasks.map {
              [
                $0.unit, $0.entry, $0.cycle.rawValue, String($0.dueDays), $0.from.description,
                $0.until?.description ?? "",
              ]
            })
          return
        }
        for task in tasks { Terminal.line(JSON.object(TasksCommand.json(task)).text) }
      }
    }
  }

  struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "status",
      abstract: "Says for each period of each task whether it is done, late, open or overdue.")

    @OptionGroup var store: StoreArgument
    @Option(help: "The day on which one asks; today without it.")
    var on: Day?
    @Option(help: "Leave out periods due before this day; 400 days before without it.")
    var since: Day?
    @Option(help: "Only tasks of this unit.")
    var unit: String?
    @Option(help: "Only tasks of this entry.")
    var entry: String?
    @Option(help: "Only periods that stand so: done, late, open, overdue; may be repeated.")
    var state: [TaskStatus.State] = []
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let states = Set(state.isEmpty ? TaskStatus.State.allCases : state)
        let found = try store.openForReading().snapshot().taskStatuses(
          on: on ?? CreditDatabase.today(), dueFrom: since, unit: unit, entry: entry, states: states)
        if !output.json {
          Terminal.table(
            ["unit", "entry", "period", "due", "state", "batches", "reported", "waiting"],
            found.map {
              [
                $0.unit, $0.task.entry, $0.period, $0.due.description, $0.state.rawValue,
                String($0.batches.count), String($0.reported), String($0.waiting),
              ]
            })
          return
        }
        for status in found {
          Terminal.line(
            JSON.object([
              ("task", .object(TasksCommand.json(status.task))), ("unit", .string(status.unit)),
              ("period", .string(status.period)), ("due", .string(status.due.description)),
              ("state", .string(status.state.rawValue)),
              ("batches", .array(status.batches.map(JSON.unsigned))),
              ("reported", .int(status.reported)), ("waiting", .int(status.waiting)),
            ]).text)
        }
      }
    }
  }

  struct NothingCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "nothing", abstract: "Notes that a unit has nothing to report for a period.")

    @OptionGroup var store: StoreArgument
    @Option(help: "Credit code of the unit.")
    var unit: String
    @Option(help: "Code of the catalogue entry.")
    var entry: String
    @Option(help: "The period, such as 2026-11; the oldest that is open without it.")
    var period: String?
    @Option(help: "How the unit said so: manual, file, database, frontEndMachine, interface.")
    var channel: ReportingChannel = .manual
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        let batch = try database.reportNothing(for: entry, from: unit, period: period, channel: channel)
        try database.close()
        output.show([("batch", .unsigned(batch))])
      }
    }
  }
}

extension ReportingChannel: @retroactive ExpressibleByArgument {}
extension TaskStatus.State: @retroactive ExpressibleByArgument {}
