// Owns `credit changes`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore

struct ChangesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "changes",
    abstract: "What changed since somebody last looked, in the order in which it came.",
    discussion: """
      With --json each version that came is a line as of `records --history`, and the last line is {"next","more","commit"}: give "next" to
      --since the next time. Without --since it begins with the first commit; --present prints only the token of the present end. A store that
      was put back to an earlier state refuses tokens from before (invalidToken): take everything anew then. A page that ends inside a commit
      at a personal number has no "next" without --unmasked --purpose.
      """)

  @OptionGroup var store: StoreArgument
  @Option(help: "Where the page before ended.")
  var since: String?
  @Option(help: "Code of a catalogue entry; may be repeated. All entries without it.")
  var entry: [String] = []
  @Option(help: "Changes of a page, 1 to 10000.")
  var limit = 1000
  @Flag(help: "Print the token of the present end and nothing else.")
  var present = false
  @OptionGroup var masking: MaskingOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var output: OutputOptions

  func validate() throws {
    if present, since != nil { throw ValidationError("--present begins at the end; it goes without --since") }
  }

  func run() async throws {
    try await output.reporting {
      let presentation = try masking.presentation()
      let snapshot = try store.openForReading(memory: memory).snapshot()
      if present {
        return show((try snapshot.changeToken(), false), more: false, commit: snapshot.commit, count: 0)
      }
      let page = try await snapshot.changesInBackground(since: since, entries: entry, limit: limit)
      for change in page.changes { RecordOutput.line(change, presentation, json: output.json, history: true) }
      show(
        presentation.token(of: page), more: page.hasMore, commit: page.commit, count: page.changes.count)
    }
  }

  private func show(_ next: (text: String?, isWithheld: Bool), more: Bool, commit: UInt64, count: Int) {
    if output.json {
      Terminal.line(
        JSON.object([
          ("next", next.text.map(JSON.string) ?? .null), ("more", .bool(more)), ("commit", .unsigned(commit)),
        ]).text)
    }
    if next.isWithheld {
      Terminal.error(
        "more changes follow, but where the page ends holds a personal number: pages behind it need --unmasked --purpose"
      )
    } else if !output.json, let token = next.text {
      Terminal.error("\(count) changes; \(more ? "more" : "later ones") with --since \(token)")
    }
  }
}
