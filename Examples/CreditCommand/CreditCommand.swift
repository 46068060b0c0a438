// Owns the command `credit`: its sub-commands and exit codes.
// Invariants: with --json standard output carries JSON and nothing else; exit 0 ok, 1 failed or a fault found, 2 wrong
// usage. The contract is docs/command.md.

import ArgumentParser
import Console
import Foundation

@main
struct Credit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "credit",
    abstract: "Collects, checks, stores and answers public credit information (公共信用信息).",
    version: "0.1.0",
    subcommands: [
      CheckCommand.self, InitCommand.self, CatalogueCommand.self, UnitsCommand.self, TasksCommand.self,
      ExchangeCommand.self,
      CollectCommand.self, BatchesCommand.self, QualityCommand.self, RejectsCommand.self,
      RejudgeCommand.self,
      RecordsCommand.self, QueryCommand.self, ChangesCommand.self, FindCommand.self, ScreenCommand.self,
      SubjectsCommand.self,
      AggregateCommand.self,
      CorrectCommand.self,
      WithdrawCommand.self, ReinstateCommand.self, PurgeCommand.self, StatsCommand.self, VerifyCommand.self,
      CompactCommand.self, BackupCommand.self, RepairCommand.self, DumpCommand.self, GenerateCommand.self,
      AccessCommand.self, LogCommand.self, ReportCommand.self, PublicityCommand.self, MeasuresCommand.self,
      ReviewCommand.self,
      ObjectionCommand.self, CommitmentCommand.self, ConsentCommand.self, FinancingCommand.self,
      EvaluateCommand.self,
      PortraitCommand.self, WatchCommand.self, ShieldCommand.self, SettingsCommand.self, DailyCommand.self,
    ])

  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let error as CommandFailure {
      ProcessEnd.exit(error.exitCode)
    } catch {
      // Wrong usage exits with 2, help and version with 0.
      let code = exitCode(for: error)
      let text = fullMessage(for: error)
      if code == .success {
        print(text)
        ProcessEnd.exit(0)
      }
      if CommandLine.arguments.contains("--json") {
        Terminal.line(
          JSON.object([
            ("error", .object([("code", .string("usage")), ("message", .string(message(for: error)))]))
          ]).text)
      }
      Terminal.error(text)
      ProcessEnd.exit(2)
    }
  }
}

/// Ends the command with an exit code after its message was printed.
struct CommandFailure: Error {
  var exitCode: Int32 = 1
}

/// Ending the process.
enum ProcessEnd {
  static func exit(_ code: Int32) -> Never { Foundation.exit(code) }
}
