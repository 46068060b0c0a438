// Owns `credit init`, `credit stats` and `credit verify`.

import ArgumentParser
import Console
import CreditStore
import SegmentStore

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Makes an empty store with the national templates published.")

  @OptionGroup var store: StoreArgument
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let identifier = try CreditDatabase.create(at: store.store)
      if output.json {
        Terminal.line(
          JSON.object([
            ("store", .string(store.store)), ("uuid", .string(identifier)), ("formatVersion", .integer(1)),
          ]).text)
      } else {
        Terminal.line("made store \(store.store) (\(identifier))")
        Terminal.line("next: credit collect \(store.store) --entry XZCF FILE.csv")
      }
    }
  }
}

struct StatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Sizes and counts of a store.")

  @OptionGroup var store: StoreArgument
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let statistics = try store.openForReading().statistics()
      // For people only: the JSON is a contract.
      let details: [(String, JSON)] = [
        ("currentBytes", .integer(statistics.currentBytes)),
        ("historyBytes", .integer(statistics.historyBytes)),
        ("supersededBytes", .integer(statistics.supersededBytes)),
        ("nameIndexBytes", .integer(statistics.nameIndexBytes)),
        ("indexedNames", .int(statistics.indexedNames)),
      ]
      let perRecord = (statistics.bytesPerRecord * 100).rounded() / 100
      let members: [(String, JSON)] = [
        ("records", .int(statistics.records)), ("versions", .int(statistics.versions)),
        ("subjects", .int(statistics.subjects)), ("entries", .int(statistics.entries)),
        ("questionable", .int(statistics.questionable)), ("unlinked", .int(statistics.unlinked)),
        ("segments", .int(statistics.segments)), ("bytes", .integer(statistics.bytes)),
        ("bytesPerRecord", .number(perRecord)), ("commit", .unsigned(statistics.commit)),
      ]
      if output.json {
        Terminal.line(JSON.object(members).text)
      } else {
        Terminal.table(["what", "number"], (members + details).map { [$0.0, $0.1.text] })
      }
    }
  }
}

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Checks every byte and every invariant of a store.")

  @OptionGroup var store: StoreArgument
  @Flag(help: "Check headers, directories and references only.")
  var quick = false
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let bar = ProgressBar("verify")
      let result: VerificationResult
      do {
        result = try store.openForReading().verify(quick: quick) { bar.show($0, "") }
      } catch let error as CreditError where error.code == "damaged" {
        // A store too damaged to open is a fault found, not a failure to look.
        result = VerificationResult(openingFault: error)
      }
      bar.finish()
      if output.json {
        Terminal.line(
          JSON.object([
            ("ok", .bool(result.isSound)),
            (
              "faults",
              .array(
                result.faults.map {
                  .object([
                    ("file", .string($0.file)), ("offset", .integer($0.offset)), ("what", .string($0.what)),
                  ])
                })
            ), ("recordsChecked", .int(result.recordsChecked)),
            ("discardedTail", .int(result.discardedTailBytes)),
          ]).text)
      } else {
        for fault in result.faults { Terminal.line("\(fault.file), offset \(fault.offset): \(fault.what)") }
        Terminal.line(
          result.isSound
            ? "sound: \(result.recordsChecked) rows checked"
            : "\(result.faults.count) faults; restore the named files from a backup")
      }
      if !result.isSound { throw CommandFailure() }
    }
  }
}
