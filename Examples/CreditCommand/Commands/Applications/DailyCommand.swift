// Owns `credit daily`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

struct DailyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "daily",
    abstract:
      "Does what has to be done each day: lifts measures, brings the access log in, says which cases are overdue."
  )
  @OptionGroup var platform: PlatformOptions
  @Option(help: "Day whose rules count; today without it.") var today: Day?

  func run() async throws {
    try await platform.run(today: today) { session, _ in
      let work = try session.doDailyWork()
      let lines =
        [
          "\(work.measures.count) measures lifted or due again, \(work.foldedLines) lines of the log brought in",
          "overdue: repairs \(work.overdueRepairs), objections \(work.overdueObjections), commitments \(work.overdueCommitments)",
        ] + work.problems.sorted { $0.key < $1.key }.map { "not done: \($0.key): \($0.value)" }
      try platform.show(work, lines.joined(separator: "\n"))
      if !work.problems.isEmpty { throw CommandFailure() }
    }
  }
}
