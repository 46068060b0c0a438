// Owns `credit settings`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore

struct SettingsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings", abstract: "Rules, calendars and policies of the platform, as data.",
    subcommands: [Show.self, Set.self])

  /// What is set.
  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case policy, publicationRules, publicationMappings, deadlines, calendar, measures, memoranda, models,
      reviewKinds
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a setting as JSON, in the form in which `settings set` takes it.")
    @OptionGroup var platform: PlatformOptions
    @Argument(
      help:
        "policy, publicationRules, publicationMappings, deadlines, calendar, measures, memoranda, models or reviewKinds."
    )
    var kind: Kind

    func run() async throws {
      try await platform.run { session, _ in
        let settings = try session.settings()
        let text =
          switch kind {
          case .policy: try JSON.encoding(settings.policy)
          case .publicationRules: try JSON.encoding(settings.publicationRules)
          case .publicationMappings: try JSON.encoding(settings.publicationMappings)
          case .deadlines: try JSON.encoding(settings.deadlines)
          case .calendar: try JSON.encoding(settings.calendar)
          case .measures: try JSON.encoding(settings.measures)
          case .memoranda: try JSON.encoding(settings.memoranda)
          case .reviewKinds: try JSON.encoding(settings.reviewKinds)
          case .models: try JSON.encoding(try session.models())
          }
        Terminal.line(text)
      }
    }
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Puts a setting from a JSON file in the place of the one there is.",
      discussion: """
        Rules and deadlines are whole: all sets there are, the last one open, without a gap. Mappings, measures, memoranda, models, kinds of reviews and years of the calendar \
        take the place of those of the same name, and leave the others.
        """)
    @OptionGroup var platform: PlatformOptions
    @Argument(
      help:
        "policy, publicationRules, publicationMappings, deadlines, calendar, measures, memoranda, models or reviewKinds."
    )
    var kind: Kind
    @Argument(help: "The file.") var file: String

    func run() async throws {
      try await platform.run { session, _ in
        switch kind {
        case .policy: try session.publish(try one(PublicPolicy.self))
        case .publicationRules: try session.publish(try one(PublicationRules.self))
        case .deadlines: try session.publish(try one(DeadlineRules.self))
        case .calendar:
          let years = try ApplicationFile.values(file, as: WorkingCalendar.Year.self)
          try session.publish(try WorkingCalendar(years: years))
        case .publicationMappings:
          try session.publish(try ApplicationFile.values(file, as: PublicationMapping.self))
        case .measures: try session.publish(try ApplicationFile.values(file, as: Measure.self), [])
        case .memoranda: try session.publish([], try ApplicationFile.values(file, as: Memorandum.self))
        case .reviewKinds: try session.publish(try ApplicationFile.values(file, as: ReviewKind.self))
        case .models: try session.publish(try ApplicationFile.values(file, as: IndicatorModel.self))
        }
        try platform.show(["set": kind.rawValue], "\(kind.rawValue) set")
      }
    }

    private func one<Value: Decodable>(_ type: Value.Type) throws -> Value {
      guard let value = try ApplicationFile.values(file, as: type).first else {
        throw CreditError("invalidFile", "the file holds nothing", file: file)
      }
      return value
    }
  }
}
