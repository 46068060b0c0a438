// Owns `credit compact`, `credit backup` and `credit repair`.

import ArgumentParser
import Console
import CreditStore
import SegmentStore

struct CompactCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact",
    abstract: "Brings a store into its smallest form; everything reads the same afterwards.")

  @OptionGroup var store: StoreArgument
  @Flag(
    help: "Write everything anew, also what is in its smallest form already: after an update of this command."
  )
  var rewrite = false
  @OptionGroup var memory: MemoryOption
  @OptionGroup var waiting: WaitOption
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let bar = ProgressBar("compact")
      let database = try waiting.open(store, memory: memory)
      let result = try await database.compact(rewritesEverything: rewrite) { bar.show($0, "") }
      bar.finish()
      try database.close()
      if output.json {
        Terminal.line(
          JSON.object([
            ("commit", .unsigned(result.commit)), ("bytesBefore", .integer(result.bytesBefore)),
            ("bytesAfter", .integer(result.bytesAfter)), ("seconds", .number(result.seconds)),
          ]).text)
      } else {
        Terminal.line("\(result.bytesBefore) bytes before, \(result.bytesAfter) after")
      }
    }
  }
}

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Makes a backup of a store, which is a store itself, or brings an earlier one up to date.")

  @OptionGroup var store: StoreArgument
  @Argument(help: "Folder of the backup: absent, empty, or an earlier backup of the store.")
  var directory: String
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let bar = ProgressBar("backup")
      let result = try await store.openForReading().backup(to: directory) { bar.show($0, "") }
      bar.finish()
      if output.json {
        Terminal.line(
          JSON.object([
            ("commit", .unsigned(result.commit)), ("files", .int(result.files)),
            ("bytes", .integer(result.bytes)), ("linked", .int(result.linked)),
          ]).text)
      } else {
        Terminal.line(
          "commit \(result.commit): \(result.files) files, \(result.bytes) bytes, \(result.linked) segments linked"
        )
        Terminal.line("check it with: credit verify \(directory)")
      }
      if !result.isNoted {
        Terminal.error(
          "credit: the store's folder cannot be written to, so that it does not know of this backup")
      }
    }
  }
}

struct RepairCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Repairs a damaged store, or somebody's credit: apply, step, cases, decision.",
    subcommands: [
      StoreRepairCommand.self, ApplyCommand.self, StepCommand.self, CasesCommand.self, DecisionCommand.self,
    ],
    defaultSubcommand: StoreRepairCommand.self)
}

struct StoreRepairCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "Makes a whole store out of a damaged one, in another folder, and says what is lost.")

  @OptionGroup var store: StoreArgument
  @Argument(help: "Folder of the repaired store: absent or empty.")
  var target: String
  @Option(help: "A backup of the store, of any age: damaged segments that it has are taken from it.")
  var backup: String?
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let bar = ProgressBar("repair")
      let result = try await CreditDatabase.repair(store.store, into: target, backup: backup) {
        bar.show($0, "")
      }
      bar.finish()
      if output.json { Terminal.line(json(result).text) } else { show(result) }
      if !result.report.isComplete { throw CommandFailure() }
    }
  }

  private func json(_ result: StoreRepairResult) -> JSON {
    let report = result.report
    let faults = report.faults.map {
      JSON.object([("file", .string($0.file)), ("offset", .integer($0.offset)), ("what", .string($0.what))])
    }
    let losses = report.losses.map { loss in
      JSON.object([
        ("file", .string(loss.file)),
        ("entry", loss.dataset.map { .string(result.datasetNames[$0] ?? "dataset \($0)") } ?? .null),
        ("rows", loss.rows.map(JSON.int) ?? .null),
        ("batches", .array(loss.batches.map(JSON.unsigned))), ("firstCommit", .unsigned(loss.firstCommit)),
        ("lastCommit", .unsigned(loss.lastCommit)),
      ])
    }
    return .object([
      ("commit", .unsigned(report.commit)), ("complete", .bool(report.isComplete)),
      ("losesCommits", .bool(report.losesCommits)), ("rows", .int(report.rows)),
      ("segmentsWhole", .int(report.segmentsWhole)),
      ("segmentsFromBackup", .int(report.segmentsFromBackup)),
      ("segmentsRebuilt", .int(report.segmentsRebuilt)), ("segmentsLost", .int(report.segmentsLost)),
      ("faults", .array(faults)), ("losses", .array(losses)),
    ])
  }

  private func show(_ result: StoreRepairResult) {
    let report = result.report
    for fault in report.faults { Terminal.line("\(fault.file), offset \(fault.offset): \(fault.what)") }
    Terminal.line(
      "commit \(report.commit), \(report.rows) rows; segments: \(report.segmentsWhole) whole, "
        + "\(report.segmentsFromBackup) from the backup, \(report.segmentsRebuilt) rebuilt, \(report.segmentsLost) lost"
    )
    if report.losesCommits {
      Terminal.line("commits behind \(report.commit) are lost: the journal is damaged")
    }
    for loss in report.losses {
      let entry = loss.dataset.map { result.datasetNames[$0] ?? "dataset \($0)" } ?? "everything"
      Terminal.line(
        "lost of \(entry): \(loss.rows.map(String.init) ?? "an unknown number of") rows of commits "
          + "\(loss.firstCommit) to \(loss.lastCommit)")
      for batch in loss.batches {
        Terminal.line("  batch \(batch): collect \(result.batchFiles[batch] ?? "its file") again")
      }
    }
    if report.isComplete { Terminal.line("nothing is lost") }
    Terminal.line("check it with: credit verify \(target)")
  }
}
