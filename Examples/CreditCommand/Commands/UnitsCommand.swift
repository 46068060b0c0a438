// Owns `credit units`: the register of units and accounts.

import ArgumentParser
import Console
import CreditModel
import CreditStore

struct UnitsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "units", abstract: "Enters, lists and merges reporting units and their accounts.",
    subcommands: [
      ImportCommand.self, ListCommand.self, HistoryCommand.self, MergeCommand.self, RestoreCommand.self,
      ImportAccountsCommand.self, AccountsCommand.self,
    ])

  /// The members of a unit.
  static func json(_ unit: ReportingUnit) -> [(String, JSON)] {
    func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    return [
      ("code", .string(unit.code)), ("name", .string(unit.name)), ("parent", text(unit.parent)),
      ("division", text(unit.division)), ("successor", text(unit.successor)),
      ("since", text(unit.since?.description)),
    ]
  }

  struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import",
      abstract: "Enters units from a JSON file: one object or an array.",
      discussion:
        "A unit is {\"code\",\"name\",\"parent\",\"division\",\"successor\",\"since\"}; all but code and name may be left out. A unit that is there already "
        + "gets a new version; former versions stay readable.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "The JSON file.")
    var file: String
    @Option(help: "Why the units change, kept with each version.")
    var reason: String?
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await RegisterFile.enter(file, into: store, waiting, output) { (database, units: [ReportingUnit]) in
        try database.publish(units, reason: reason)
      }
    }
  }

  struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "Lists units as a tree, or those below one.")

    @OptionGroup var store: StoreArgument
    @Option(help: "Only this unit and those that belong to it.")
    var below: String?
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let units = try store.openForReading().snapshot().units()
        if let below, units[below] == nil { throw CreditError("unknownUnit", "there is no unit \(below)") }
        let shown = (below.map { [$0] } ?? units.roots.map(\.code)).flatMap { units.subtree(of: $0) }
        let top = below.map { units.ancestors(of: $0).count } ?? 0
        for unit in shown {
          if output.json {
            Terminal.line(JSON.object(UnitsCommand.json(unit)).text)
          } else {
            let indent = String(repeating: "  ", count: units.ancestors(of: unit.code).count - top)
            Terminal.line(
              "\(indent)\(unit.code)  \(unit.name)" + (unit.successor.map { "  merged into \($0)" } ?? ""))
          }
        }
      }
    }
  }

  struct HistoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "history", abstract: "Lists every version of a unit: former names and parents.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Credit code of the unit.")
    var unit: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        for version in try store.openForReading().snapshot().unitHistory(unit) {
          if output.json {
            Terminal.line(
              JSON.object(
                UnitsCommand.json(version.unit) + [
                  ("reason", version.note.map { .string($0) } ?? .null),
                  ("commit", .unsigned(version.commit)),
                  ("until", version.until.map { .unsigned($0) } ?? .null),
                ]
              ).text)
          } else {
            Terminal.line(
              "commit \(version.commit)  \(version.unit.since?.description ?? "")  \(version.unit.name)  \(version.note ?? "")"
            )
          }
        }
      }
    }
  }

  struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "merge", abstract: "Says that another unit took over the work of one.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Credit code of the unit that ends.")
    var unit: String
    @Option(help: "Credit code of the unit that goes on.")
    var into: String
    @Option(help: "The first day on which that holds.")
    var since: Day
    @Option(help: "Why.")
    var reason: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        let commit = try database.mergeUnit(unit, into: into, since: since, reason: reason)
        try database.close()
        output.show([("commit", .unsigned(commit))])
      }
    }
  }

  struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "restore", abstract: "Takes back that another unit took over the work of one.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Credit code of the unit.")
    var unit: String
    @Option(help: "The first day on which it works itself again.")
    var since: Day
    @Option(help: "Why.")
    var reason: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        let commit = try database.restoreUnit(unit, since: since, reason: reason)
        try database.close()
        output.show([("commit", .unsigned(commit))])
      }
    }
  }

  struct ImportAccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import-accounts",
      abstract: "Enters accounts from a JSON file: {\"id\",\"unit\",\"name\",\"isActive\"}, or an array.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "The JSON file.")
    var file: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await RegisterFile.enter(file, into: store, waiting, output) {
        (database, accounts: [UnitAccount]) in
        try database.publish(accounts)
      }
    }
  }

  struct AccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "accounts", abstract: "Lists accounts.")

    @OptionGroup var store: StoreArgument
    @Option(help: "Only those of this unit.")
    var unit: String?
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let accounts = try store.openForReading().snapshot().accounts(of: unit)
        if !output.json {
          Terminal.table(
            ["id", "unit", "name", "active"],
            accounts.map { [$0.id, $0.unit, $0.name ?? "", $0.isActive ? "yes" : "no"] })
          return
        }
        for account in accounts {
          Terminal.line(
            JSON.object([
              ("id", .string(account.id)), ("unit", .string(account.unit)),
              ("name", account.name.map { .string($0) } ?? .null), ("isActive", .bool(account.isActive)),
            ]).text)
        }
      }
    }
  }
}
