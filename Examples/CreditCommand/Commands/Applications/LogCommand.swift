// Owns `credit log`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Checks and reads the access log.",
    subcommands: [Verify.self, Fold.self, Who.self, Use.self])

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks every line of the access log; exit 1 where something was changed.")
    @OptionGroup var platform: PlatformOptions
    @Option(help: "The head an earlier check gave: shows whether lines were taken out of the end since.")
    var expect: String?

    func run() async throws {
      try await platform.run { _, opened in
        let result = try opened.verifyLog(expecting: expect)
        try platform.show(
          result,
          result.isSound
            ? "\(result.lines) lines in \(result.foldedFiles) folded and \(result.openFiles) open files are as they were written; head \(result.head)"
            : result.faults.joined(separator: "\n"))
        if !result.isSound { throw CommandFailure() }
      }
    }
  }

  struct Fold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Brings the log files of processes that ended into the store.")
    @OptionGroup var platform: PlatformOptions

    func run() async throws {
      try await platform.run { _, opened in
        let lines = try opened.foldLog()
        try platform.show(["lines": lines], "\(lines) lines folded")
      }
    }
  }

  struct Who: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Says who looked at a subject.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Identifier of the subject.") var subject: String

    func run() async throws {
      try await platform.run { session, _ in
        try platform.show(
          try session.accesses(to: subject),
          ["time", "account", "unit", "action", "purpose", "rows", "outcome"]
        ) { line in
          [
            Self.time(line.instant), line.account ?? "-", line.unit ?? "-", line.action.rawValue,
            line.purpose,
            String(line.rows), line.outcome,
          ]
        }
      }
    }

    private static func time(_ instant: Int64) -> String {
      Date(timeIntervalSince1970: Double(instant) / 1000).formatted(.iso8601)
    }
  }

  struct Use: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Counts what was done by month, portal, unit and action.")
    @OptionGroup var platform: PlatformOptions
    @Option(help: "First month, such as 2026-01.") var from: Month?
    @Option(help: "Last month.") var until: Month?

    func run() async throws {
      try await platform.run { session, _ in
        try platform.show(
          try session.use(from: from, through: until),
          ["month", "portal", "unit", "action", "allowed", "refused", "subjects", "rows"]
        ) { use in
          [
            use.month.description, use.portal.rawValue, use.unit ?? "-", use.action.rawValue,
            String(use.allowed), String(use.refused), String(use.subjects), String(use.rows),
          ]
        }
      }
    }
  }
}
