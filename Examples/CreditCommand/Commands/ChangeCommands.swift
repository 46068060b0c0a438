// Owns `credit correct`, `credit withdraw` and `credit reinstate`.

import ArgumentParser
import Console
import CreditModel
import CreditStore

/// Which record is changed, and why.
struct ChangeOptions: ParsableArguments {
  @OptionGroup var store: StoreArgument
  @Option(help: "Code of the catalogue entry.")
  var entry: String
  @Option(help: "Identifier of the subject.")
  var subject: String
  @Option(help: "Kind of the identifier, instead of detecting it.")
  var kind: IdentifierKind?
  @Option(help: "Key of the record, as `credit records --json` prints it where nothing of it is masked.")
  var key: String
  @Option(help: "Why, kept with the commit.")
  var reason: String
  @OptionGroup var waiting: WaitOption
  @OptionGroup var output: OutputOptions

  /// Opens the store, changes the record and prints the commit.
  func run(
    _ change: (CreditDatabase, Identifier, CatalogueEntry) throws -> UInt64
  ) async throws {
    try await output.reporting {
      let database = try waiting.open(store)
      let published = try database.catalogue.entry(entry)
      let commit: UInt64
      do {
        commit = try change(database, try identifier(in: database), published.entry)
      } catch let error as CreditError where error.code == "unknownRecord" && key.contains("**") {
        throw CreditError(
          error.code,
          "\(error.message): asterisks are a mask; `credit records --unmasked --purpose TEXT` prints it")
      }
      try database.close()
      Terminal.line(
        output.json ? JSON.object([("commit", .unsigned(commit))]).text : "done in commit \(commit)")
    }
  }

  /// The subject under the kind asked for, or under the first kind that has the record.
  private func identifier(in database: CreditDatabase) throws -> Identifier {
    if let kind { return Identifier(subject, as: kind) }
    let records = try database.snapshot().records(of: subject, entry: entry, versions: .currentAndWithdrawn)
    return records.first?.subject ?? Identifier(detecting: subject, on: CreditDatabase.today())
  }

  /// Reads `ITEM=VALUE`; an empty value removes it.
  static func changes(_ texts: [String], _ entry: CatalogueEntry) throws -> [String: Value?] {
    var changes: [String: Value?] = [:]
    for text in texts {
      guard let separator = text.firstIndex(of: "=") else {
        throw ValidationError("'\(text)' is not ITEM=VALUE")
      }
      let id = String(text[..<separator])
      guard let index = entry.itemIndex(id) else {
        throw CreditError("unknownItem", "entry \(entry.code) has no item \(id)", item: id)
      }
      let value = try entry.items[index].value(reading: String(text[text.index(after: separator)...]))
      changes.updateValue(value, forKey: id)
    }
    return changes
  }
}

struct CorrectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "correct", abstract: "Corrects values of one record; the old version stays readable.",
    discussion:
      "A withdrawn record is shown again when it is corrected; one that was repaired stays repaired."
  )

  @OptionGroup var options: ChangeOptions
  @Argument(help: "New values as ITEM=VALUE; an empty value removes it.")
  var values: [String]

  func run() async throws {
    try await options.run { database, subject, entry in
      try database.correct(
        options.entry, subject: subject, key: options.key, reason: options.reason,
        changes: try ChangeOptions.changes(values, entry))
    }
  }
}

struct WithdrawCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw", abstract: "Withdraws one record: it is no longer shown.")

  @OptionGroup var options: ChangeOptions

  func run() async throws {
    try await options.run { database, subject, _ in
      try database.withdraw(options.entry, subject: subject, key: options.key, reason: options.reason)
    }
  }
}

struct ReinstateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reinstate", abstract: "Shows a withdrawn or repaired record again.")

  @OptionGroup var options: ChangeOptions
  @Argument(help: "New values as ITEM=VALUE.")
  var values: [String] = []

  func run() async throws {
    try await options.run { database, subject, entry in
      try database.reinstate(
        options.entry, subject: subject, key: options.key, reason: options.reason,
        changes: try ChangeOptions.changes(values, entry))
    }
  }
}
