// Owns `credit find`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore

extension NameMatch: @retroactive ExpressibleByArgument {}

struct FindCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Finds subjects by name, former names too.",
    discussion: """
      The same name first, then names that differ by their legal form, then those that begin with what was asked for, then those that have it
      somewhere. Width, case, spaces and the kind of brackets and dots do not count. With --json each subject is a line.
      """)

  @OptionGroup var store: StoreArgument
  @Argument(help: "The name, or a part of it.")
  var name: String
  @Option(help: "The weakest match that counts: exact, legalForm, prefix or substring.")
  var match = NameMatch.substring
  @Option(
    help: "Code of a catalogue entry; may be repeated. All entries that name their subjects without it.")
  var entry: [String] = []
  @Option(help: "Subjects at most, 1 to 1000.")
  var limit = 20
  @OptionGroup var past: AsOfOption
  @OptionGroup var masking: MaskingOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let presentation = try masking.presentation()
      let snapshot = try past.snapshot(store.openForReading(memory: memory))
      let found = try await snapshot.subjectsInBackground(
        named: name, weakest: match, entries: entry, limit: limit)
      if output.json {
        for subject in found { Terminal.line(Self.json(subject, presentation).text) }
        return
      }
      Terminal.table(
        ["subject", "name", "match", "former", "entries"],
        found.map {
          [
            presentation.text($0.subject), presentation.text($0.name, of: $0.item), $0.match.rawValue,
            $0.isFormer ? "former" : "", $0.entries.joined(separator: ", "),
          ]
        })
      Terminal.error(
        found.count == limit
          ? "the first \(limit); a longer name or a higher --limit tells more" : "\(found.count) found")
    }
  }

  private static func json(_ found: NamedSubject, _ presentation: RecordPresentation) -> JSON {
    .object([
      ("subject", .string(presentation.text(found.subject))),
      ("kind", .string(found.subject.kind.rawValue)),
      ("name", .string(presentation.text(found.name, of: found.item))),
      ("match", .string(found.match.rawValue)),
      ("former", .bool(found.isFormer)), ("entries", .array(found.entries.map(JSON.string))),
    ])
  }
}
