// Owns the options several sub-commands share, and the way errors leave the command.
// Invariants: with --json an error is one object on standard output, else a line on standard error; exit code 1.

import ArgumentParser
import Console
import CreditModel
import CreditStore
import Foundation
import SegmentStore

/// Output as JSON.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print JSON and nothing else on standard output.")
  var json = false

  /// Runs a body and turns its error into the command's.
  func reporting<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch let failure as CommandFailure {
      throw failure
    } catch let error as ValidationError {
      throw error
    } catch {
      report(CreditError(wrapping: error))
      throw CommandFailure()
    }
  }

  /// Prints a small result: an object, or its members side by side.
  func show(_ members: [(String, JSON)]) {
    Terminal.line(
      json ? JSON.object(members).text : members.map { "\($0.0) \($0.1.text)" }.joined(separator: ", "))
  }

  func report(_ error: CreditError) {
    if json {
      Terminal.line(JSON.object([("error", JSON.error(error))]).text)
    } else {
      Terminal.error("credit: " + error.description)
    }
  }
}

/// The store of a sub-command.
struct StoreArgument: ParsableArguments {
  @Argument(help: "Folder of the store.")
  var store: String

  func openForReading(memory: MemoryOption? = nil) throws -> CreditDatabase {
    try CreditDatabase(opening: store, mode: .readOnly, options: memory?.options ?? .init())
  }
}

/// How much memory a command may use.
struct MemoryOption: ParsableArguments {
  @Option(help: ArgumentHelp("Memory for rows and cached blocks, in MiB.", valueName: "MiB"))
  var memory: Int?

  var options: CreditDatabase.Options {
    memory.map { .init(memoryBudgetBytes: max(16, min($0, 1 << 20)) << 20) } ?? .init()
  }
}

/// Waiting for another writer.
struct WaitOption: ParsableArguments {
  @Option(help: ArgumentHelp("Wait up to so many seconds for another writer.", valueName: "seconds"))
  var wait: Double = 0

  /// Opens a store for writing; `megabytes` of memory where the caller named none.
  func open(_ store: StoreArgument, memory: MemoryOption? = nil, megabytes: Int = 256) throws
    -> CreditDatabase
  {
    try CreditDatabase(
      opening: store.store, mode: .readWrite(waitSeconds: wait),
      options: memory?.memory == nil ? .init(memoryBudgetBytes: megabytes << 20) : memory?.options ?? .init())
  }
}

/// Which records a question is about.
struct QuestionOptions: ParsableArguments {
  @Option(help: "Code of a catalogue entry; may be repeated. All entries without it.")
  var entry: [String] = []

  @Option(name: .customLong("where"), help: "Only records that satisfy this filter.")
  var condition: String?

  @OptionGroup var past: AsOfOption

  @Flag(help: "Say on standard error how the answer was found.")
  var explain = false

  func filter() throws -> Filter? { try condition.map { try Filter(parsing: $0) } }
}

/// Seeing personal values.
struct MaskingOptions: ParsableArguments {
  @Flag(help: "Show citizen identity numbers in full; needs --purpose.")
  var unmasked = false

  @Option(help: "Why the unmasked values are needed.")
  var purpose: String?

  func validate() throws {
    if unmasked, purpose?.isEmpty ?? true {
      throw ValidationError("--unmasked needs --purpose TEXT")
    }
  }
}

extension IdentifierKind: @retroactive ExpressibleByArgument {}

/// A day as an option, in any of the forms files use.
extension Day: @retroactive ExpressibleByArgument {
  /// Reads the text of an option.
  public init?(argument: String) { self.init(argument) }
}
