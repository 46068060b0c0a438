// Owns `credit records`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore

struct RecordsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "records", abstract: "Records of a subject.")

  @OptionGroup var store: StoreArgument
  @Argument(help: "Identifier of the subject.")
  var subject: String
  @Option(help: "Kind of the identifier, instead of detecting it.")
  var kind: IdentifierKind?
  @Option(help: "Only records of this catalogue entry.")
  var entry: String?
  @OptionGroup var past: AsOfOption
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
      let database = try store.openForReading()
      let presentation = try masking.presentation(in: database)
      let snapshot = try past.snapshot(database)
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
