// Owns `credit shield`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

struct ShieldCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shield",
    abstract:
      "Keeps unfavourable records of a body in reorganisation from the public while its plan is carried out.",
    subcommands: [Begin.self, End.self, List.self])

  struct Begin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Begins it, on the ruling of a court.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the case.") var number: String
    @Option(help: "Identifier of the body.") var subject: String
    @Option(help: "Number of the ruling.") var ruling: String
    @Option(help: "File with the ruling.") var document: String
    @Option(help: "First day; today without it.") var from: Day?
    @Option(help: "Last day of the plan.") var until: Day
    @Option(help: "Code of an entry; may be repeated. All that say something unfavourable without it.")
    var entry: [String] = []
    @Flag(help: "Keeps them from departments and lenders, too.") var alsoSharing = false
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      let day = today ?? CreditDatabase.today()
      try await platform.run(today: today) { session, _ in
        let shielding = try session.shield(
          Shielding(
            id: number, subject: Identifier(detecting: subject, on: day),
            extent: alsoSharing ? .publicationAndSharing : .publication, entries: entry.isEmpty ? nil : entry,
            ruling: ruling, document: try ApplicationFile.material(document), from: from ?? day, until: until)
        )
        try platform.show(shielding, "\(number): from \(shielding.from) to \(shielding.until)")
      }
    }
  }

  struct End: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Ends it before its last day.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the case.") var number: String
    @Option(help: "Why.") var note: String
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        try platform.show(try session.endShielding(number, reason: note), "\(number) is over")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the shieldings of a body.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Identifier of the body.") var subject: String

    func run() async throws {
      try await platform.run { session, _ in
        try platform.show(
          try session.shieldings(of: subject), ["number", "from", "until", "ended", "ruling"]
        ) {
          [$0.id, $0.from.description, $0.until.description, $0.endedOn?.description ?? "-", $0.ruling]
        }
      }
    }
  }
}
