// Owns `credit exchange`: what goes to platforms above and to departments, and what comes from them.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct ExchangeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exchange",
    abstract: "Sends changes to platforms above and to departments, notes receipts, takes in what comes.",
    subcommands: [
      ImportCommand.self, RoutesCommand.self, PackCommand.self, PackagesCommand.self, WriteCommand.self,
      SentCommand.self, ReceiptCommand.self, AgainCommand.self, RestartCommand.self, StateCommand.self,
      ReceiveCommand.self, ReceivedCommand.self,
    ])

  static func date(_ date: Date?) -> JSON {
    date.map { .string($0.formatted(.iso8601)) } ?? .null
  }

  static func json(_ package: ExchangePackage) -> JSON {
    .object([
      ("route", .string(package.route)), ("package", .int(package.number)),
      ("entry", package.entry.isEmpty ? .null : .string(package.entry)),
      ("state", .string(package.state.rawValue)), ("puts", .int(package.puts)),
      ("withdrawals", .int(package.withdrawals)), ("fromCommit", .unsigned(package.fromCommit)),
      ("toCommit", .unsigned(package.toCommit)), ("repeats", package.repeats.map(JSON.int) ?? .null),
      ("attempts", .int(package.attempts)), ("packed", date(package.packed)), ("sent", date(package.sent)),
      ("accepted", .int(package.accepted)), ("rejected", .int(package.rejected)),
      ("sha256", .string(package.sha256)),
    ])
  }

  static func show(_ packages: [ExchangePackage], json: Bool) {
    if json { return packages.forEach { Terminal.line(Self.json($0).text) } }
    Terminal.table(
      ["route", "package", "entry", "state", "go", "taken back", "attempts", "refused"],
      packages.map {
        [
          $0.route, String($0.number), $0.entry, $0.state.rawValue, String($0.puts), String($0.withdrawals),
          String($0.attempts), String($0.rejected),
        ]
      })
  }

  /// A package that a command names.
  struct PackageArgument: ParsableArguments {
    @Argument(help: "Code of the route.")
    var route: String
    @Argument(help: "Number of the package.")
    var package: Int

    func find(_ snapshot: CreditSnapshot) throws -> ExchangePackage {
      guard let found = try snapshot.packages(ofRoute: route).first(where: { $0.number == package }) else {
        throw CreditError("unknownPackage", "route \(route) has no package \(package)")
      }
      return found
    }
  }

  struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Enters routes from a JSON file: one object or an array.",
      discussion: """
        A route is {"code","receiver","purpose","entries","form","layout","heading","basis","isActive"}: purpose is upward, subscription or authorized; form jsonLines \
        (also for another store) or csv; layout catalogue, permits2018 or penalties2018; heading ids or names. All from form on may be left out. \
        A subscription of what is shared on condition, or seen by the authorized alone, names its basis. On an authorized route the records of those alone go \
        whose consent names the receiver, and the basis word for word as its purpose; they are taken back when the consent ends.
        """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The JSON file.")
    var file: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await RegisterFile.enter(file, into: store, waiting, output) {
        (database, routes: [ExchangeRoute]) in
        try database.publish(routes)
      }
    }
  }

  struct RoutesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "routes", abstract: "Lists routes.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let routes = try store.openForReading().snapshot().exchangeRoutes()
        if output.json { return try routes.forEach { Terminal.line(try JSON.encoding($0)) } }
        Terminal.table(
          ["route", "receiver", "purpose", "entries", "form", "active"],
          routes.map {
            [
              $0.code, $0.receiver, $0.purpose.rawValue, $0.entries.joined(separator: " "), $0.form.rawValue,
              $0.isActive ? "yes" : "no",
            ]
          })
      }
    }
  }

  struct PackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pack",
      abstract: "Puts together what changed since the last time, and writes it to a folder.",
      discussion: """
        Each entry with changes gives a package: ROUTE-NUMBER.jsonl or .csv, and ROUTE-NUMBER.json beside it, which names the files and appears last. The \
        files hold what the records hold, personal numbers too. A package that exists is written again with `exchange write`, byte for byte.
        """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of the route.")
    var route: String
    @Option(
      help: "Folder for the files; it must exist. Without it packages are put together and not written.")
    var to: String?
    @Option(help: "Changes after which a package ends, with the commit they came in.")
    var limit = 100_000
    @OptionGroup var waiting: WaitOption
    @OptionGroup var logging: LoggingOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let packed = try logging.exchange(store, waiting) { try $0.pack(route, to: to, limit: limit) }
        let numbers = Set(packed.map(\.number))
        let packages = try store.openForReading().snapshot().packages(ofRoute: route).filter {
          numbers.contains($0.number)
        }
        ExchangeCommand.show(packages, json: output.json)
        if packages.isEmpty, !output.json { Terminal.error("nothing changed since the last package") }
      }
    }
  }

  struct PackagesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "packages", abstract: "Lists the packages of a route and how they stand.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of the route.")
    var route: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let packages = try store.openForReading().snapshot().packages(ofRoute: route)
        ExchangeCommand.show(packages, json: output.json)
      }
    }
  }

  struct WriteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "write", abstract: "Writes a package to a folder, once more, byte for byte.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var package: PackageArgument
    @Option(help: "Folder for the files; it must exist.")
    var to: String
    @OptionGroup var logging: LoggingOptions
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let manifest = try logging.exchange(store, waiting) {
          try $0.writePackage(package.package, of: package.route, to: to)
        }
        for file in manifest.files {
          output.show([
            ("file", .string(file.name)), ("changes", .int(file.changes)), ("bytes", .int(file.bytes)),
            ("sha256", .string(file.sha256)),
          ])
        }
      }
    }
  }

  struct SentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "sent", abstract: "Notes that a package went to its receiver.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var package: PackageArgument
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        try database.noteSent(package.package, of: package.route)
        let noted = try package.find(database.snapshot())
        try database.close()
        ExchangeCommand.show([noted], json: output.json)
      }
    }
  }

  struct ReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "receipt", abstract: "Notes what receivers said of packages, from a JSON file.",
      discussion: """
        A receipt is {"route","package","others","lines":[{"id","state","code","message"}]}: state and others are accepted or rejected, id is the number of a \
        change, others counts for all changes without a line. The file holds one object or an array.
        """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "The JSON file.")
    var file: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let receipts = try RegisterFile.objects(in: file, ExchangeReceipt.self)
        let database = try waiting.open(store)
        let packages = try receipts.map { try database.note($0) }
        try database.close()
        ExchangeCommand.show(packages, json: output.json)
      }
    }
  }

  struct AgainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "again",
      abstract: "Puts the changes of a package that were refused together once more.",
      discussion: "Records that changed since go by themselves with `exchange pack`.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var package: PackageArgument
    @Option(help: "Folder for the files; it must exist.")
    var to: String?
    @OptionGroup var logging: LoggingOptions
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let again = try logging.exchange(store, waiting) {
          try $0.packAgain(package.package, of: package.route, to: to)
        }
        let packages = try store.openForReading().snapshot().packages(ofRoute: package.route).filter {
          $0.number == again?.number
        }
        ExchangeCommand.show(packages, json: output.json)
      }
    }
  }

  struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "restart", abstract: "Lets a route begin anew: the next packages hold all there is.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of the route.")
    var route: String
    @Option(help: "Number of the next package, above all that the receiver knows.")
    var number: Int?
    @Option(help: "Why.")
    var reason: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        try database.restart(route: route, firstNumber: number, reason: reason)
        let last = try database.snapshot().packages(ofRoute: route).last
        try database.close()
        output.show([("route", .string(route)), ("next", .int((last?.number ?? 0) + 1))])
      }
    }
  }

  struct StateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "state", abstract: "How a record stands with each receiver.")

    @OptionGroup var store: StoreArgument
    @Option(help: "Code of the catalogue entry.")
    var entry: String
    @Option(help: "Identifier of the subject.")
    var subject: String
    @Option(help: "The record key; all records of the subject without it.")
    var key: String?
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let snapshot = try store.openForReading().snapshot()
        let records = try snapshot.records(of: subject, entry: entry, versions: .currentAndWithdrawn)
          .filter { record in key.map { $0.utf8.elementsEqual(record.key.utf8) } ?? true }
        guard !records.isEmpty else {
          throw CreditError("unknownRecord", "the subject has no such record of \(entry)")
        }
        let statuses = try records.flatMap { try snapshot.exchangeStatuses(of: $0) }
        if !output.json {
          Terminal.table(
            ["route", "version", "state", "package", "attempts", "code", "message"],
            statuses.map {
              [
                $0.route, String($0.version), $0.state.rawValue, $0.package.map(String.init) ?? "",
                String($0.attempts), $0.code ?? "", $0.message ?? "",
              ]
            })
          return
        }
        for status in statuses {
          Terminal.line(
            JSON.object([
              ("route", .string(status.route)), ("version", .int(status.version)),
              ("state", .string(status.state.rawValue)),
              ("package", status.package.map(JSON.int) ?? .null), ("id", status.id.map(JSON.string) ?? .null),
              ("attempts", .int(status.attempts)), ("code", status.code.map(JSON.string) ?? .null),
              ("message", status.message.map(JSON.string) ?? .null),
            ]).text)
        }
      }
    }
  }

  static func json(_ received: ReceivedPackage) -> JSON {
    .object([
      ("sender", .string(received.sender)), ("route", .string(received.route)),
      ("package", .int(received.package)), ("entry", .string(received.entry)),
      ("batch", received.batch.map(JSON.unsigned) ?? .null), ("loaded", .int(received.loaded)),
      ("updated", .int(received.updated)), ("duplicate", .int(received.duplicate)),
      ("withdrawn", .int(received.withdrawn)), ("rejected", .int(received.rejected)),
      ("received", date(received.received)),
    ])
  }

  static func show(_ received: [ReceivedPackage], json: Bool) {
    if json { return received.forEach { Terminal.line(Self.json($0).text) } }
    Terminal.table(
      ["route", "package", "entry", "loaded", "updated", "duplicate", "taken back", "refused"],
      received.map {
        [
          $0.route, String($0.package), $0.entry, String($0.loaded), String($0.updated),
          String($0.duplicate), String($0.withdrawn), String($0.rejected),
        ]
      })
  }

  struct ReceiveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "receive", abstract: "Takes in packages of another platform, by their manifests.",
      discussion: """
        A package is taken in once, behind the one before it; again, it gives the same receipt. Rows that a rule fails for wait in the batch (`credit rejects`) and \
        are named in the receipt, which --receipts writes as one JSON array for the sender's `exchange receipt`. A package that fails stops those behind it.
        """)

    @OptionGroup var store: StoreArgument
    @Argument(help: "Manifests: ROUTE-NUMBER.json.")
    var manifests: [String]
    @Option(help: "Credit code of the unit that counts as the one that reports.")
    var unit: String?
    @Option(help: "File for the receipts.")
    var receipts: String?
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        var received: [ReceivedPackage] = []
        var failure: (any Error)?
        for manifest in manifests {
          do { received.append(try await database.receive(manifest: manifest, from: unit)) } catch {
            failure = error
            break
          }
        }
        try database.close()
        ExchangeCommand.show(received, json: output.json)
        if let receipts {
          let texts = try received.map { try JSON.encoding($0.receipt) }
          try Data(("[" + texts.joined(separator: ",\n ") + "]\n").utf8).write(
            to: URL(fileURLWithPath: receipts), options: .atomic)
        }
        if let failure { throw failure }
      }
    }
  }

  struct ReceivedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "received", abstract: "Lists the packages that came in.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        ExchangeCommand.show(try store.openForReading().snapshot().receivedPackages(), json: output.json)
      }
    }
  }
}
