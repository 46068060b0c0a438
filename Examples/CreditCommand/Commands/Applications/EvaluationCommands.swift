// Owns `credit evaluate`, `credit portrait` and `credit watch`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct EvaluateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Evaluates a subject by a model, and says what counted.")
  @OptionGroup var platform: PlatformOptions
  @Argument(help: "Identifier of the subject.") var subject: String
  @Option(help: "JSON file with the model, or the id of one that was entered with `settings set … models`.")
  var model: String
  @Flag(help: "Keep the result; only of a model that was entered.") var keep = false
  @Option(help: "Commit as of which the store is looked at.") var asOf: UInt64?
  @Option(help: "Day whose rules count, and from which months are counted; today without it.") var today: Day?

  func run() async throws {
    try await platform.run(today: today) { session, _ in
      let result: Evaluation
      if keep || !FileManager.default.fileExists(atPath: model) {
        result = try session.evaluate(subject, byModel: model, asOf: asOf, isKept: keep)
      } else if let model = try ApplicationFile.values(model, as: IndicatorModel.self).first {
        result = try session.evaluate(subject, by: model, asOf: asOf)
      } else {
        throw CreditError("invalidFile", "the file holds no model", file: model)
      }
      let lines = result.lines.map { "  \($0.name): \($0.points) (\($0.records.count) records)" }
      try platform.show(
        result,
        (["\(result.grade) \(result.points), from \(result.basePoints)"] + lines).joined(separator: "\n"))
    }
  }
}

struct PortraitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "portrait",
    abstract: "A subject at a glance: labels, others it has to do with, counts, grades, latest events.")
  @OptionGroup var platform: PlatformOptions
  @Argument(help: "Identifier of the subject.") var subject: String

  func run() async throws {
    try await platform.run { session, _ in
      let portrait = try session.portrait(of: subject).maskingNumbers(on: CreditDatabase.today())
      let counts = portrait.counts.map {
        "  \($0.category) \($0.nature.rawValue): \($0.records), latest \($0.latest?.description ?? "-")"
      }
      let grades = portrait.grades.map { "  \($0.name): \($0.grade), \($0.day?.description ?? "-")" }
      let relations = portrait.relations.map {
        "  \($0.kind.rawValue) \($0.name), \($0.entry ?? "link") \($0.day?.description ?? "")"
      }
      try platform.show(
        portrait,
        ([
          "\(portrait.name ?? "-")  \(portrait.identifiers.joined(separator: " "))  \(portrait.labels.joined(separator: " "))"
        ]
          + relations + counts + (portrait.repaired > 0 ? ["  repaired: \(portrait.repaired)"] : []) + grades)
          .joined(separator: "\n"))
    }
  }
}

struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Subjects somebody wants to hear of, and what happened to them (监测预警).",
    subcommands: [Add.self, Events.self, Confirm.self])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Begins to watch the subjects of a JSON file, or changes a list.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "The file.") var file: String

    func run() async throws {
      try await platform.run { session, _ in
        let lists = try ApplicationFile.values(file, as: WatchList.self)
        for list in lists { try session.watch(list) }
        try platform.show(["watched": lists.count], "\(lists.count) lists are watched")
      }
    }
  }

  struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "What happened since the events that were confirmed last; they are told again until they are confirmed."
    )
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Id of the list.") var list: String
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let found = try session.events(of: list)
        if platform.output.json {
          try platform.show(found, "")
          return
        }
        try platform.show(found.events, ["commit", "event", "subject", "entry", "day"]) {
          [String($0.commit), $0.kind.rawValue, $0.subject, $0.name, $0.day?.description ?? "-"]
        }
      }
    }
  }

  struct Confirm: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Confirms that events were taken in.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Id of the list.") var list: String
    @Argument(help: "Number of the events.") var number: Int

    func run() async throws {
      try await platform.run { session, _ in
        try session.confirmEvents(number, of: list)
        try platform.show(["confirmed": number], "confirmed")
      }
    }
  }
}
