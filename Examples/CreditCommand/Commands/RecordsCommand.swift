// Owns `credit records`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct RecordsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "records", abstract: "Records of a subject.")

  @OptionGroup var store: StoreArgument
  @Argument(help: "Identifier of the subject.")
  var subject: String
  @Option(help: "Kind of the identifier, instead of detecting it.")
  var kind: IdentifierKind?
  @Option(help: "Only records of this catalogue entry.")
  var entry: String?
  @Option(
    help: ArgumentHelp(
      "State as of a commit or an instant such as 2026-01-31T08:00:00Z.", valueName: "commit|instant"))
  var asOf: String?
  @Flag(help: "Every version, oldest first.")
  var history = false
  @Flag(help: "Withdrawn records too.")
  var all = false
  @Flag(inversion: .prefixedNo, help: "Records of identifiers that are linked with this one too.")
  var links = true
  @Option(help: ArgumentHelp("Links as of another commit.", valueName: "commit"))
  var linksAsOf: UInt64?
  @OptionGroup var masking: MaskingOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let presentation = try masking.presentation()
      let database = try store.openForReading()
      let snapshot = try asOf.map { try AsOf.snapshot($0, database) } ?? database.snapshot()
      let versions: CreditSnapshot.Versions = history ? .history : all ? .currentAndWithdrawn : .current
      let records = try snapshot.records(
        of: subject, kind: kind, entry: entry, versions: versions,
        links: links ? linksAsOf.map { .asOf($0) } ?? .followed : .ignored)
      for record in records {
        RecordOutput.line(record, presentation, json: output.json, history: history)
      }
      if !output.json {
        Terminal.error(records.isEmpty ? "no records; try --all or --kind" : "\(records.count) records")
      }
    }
  }
}

/// The two forms of `--as-of`.
enum AsOf {
  static func snapshot(_ text: String, _ database: CreditDatabase) throws -> CreditSnapshot {
    if let commit = UInt64(text) {
      let last = database.snapshot().commit
      if commit <= last { return database.snapshot(asOf: commit) }
      // Eight digits behind all commits are a day.
      guard text.utf8.count == 8, let date = instant(text) else {
        throw CreditError("unknownCommit", "the store has no commit \(commit); the last is \(last)")
      }
      return database.snapshot(asOf: date)
    }
    guard let instant = instant(text) else {
      throw ValidationError("--as-of must be a commit number or an instant such as 2026-01-31T08:00:00Z")
    }
    return database.snapshot(asOf: instant)
  }

  /// ISO 8601 with a zone; without one the clock of Asia/Shanghai; a bare date means its end.
  private static func instant(_ text: String) -> Date? {
    if let date = try? Date(text, strategy: .iso8601) { return date }
    if let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)) {
      return date
    }
    guard let second = Second(text) else { return nil }
    let isDate = !text.contains(":")
    let seconds = second.secondsSinceEpoch - 8 * 3600 + (isDate ? 86_399 : 0)
    return Date(timeIntervalSince1970: Double(seconds) + (isDate ? 0.999 : 0))
  }
}
