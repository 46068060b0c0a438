// Owns `credit compact` and `credit backup`.

import ArgumentParser
import CreditStore
import SegmentStore

struct CompactCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact",
    abstract: "Brings a store into its smallest form; everything reads the same afterwards.")

  @OptionGroup var store: StoreArgument
  @OptionGroup var waiting: WaitOption
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let bar = ProgressBar("compact")
      let database = try waiting.open(store)
      let result = try await database.compact { bar.show($0, "") }
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
    }
  }
}
