// Owns `credit rejects`: rows set aside, and closing those that nobody will correct any more.
// Invariants: raw rows are masked unless there is a purpose; a row is shown with all its reasons.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore

extension SetAsideState: @retroactive ExpressibleByArgument {
  /// Reads `questionable` or `unlinked`.
  public init?(argument: String) {
    switch argument {
    case "questionable": self = .questionable
    case "unlinked": self = .unlinked
    default: return nil
    }
  }
}

struct RejectsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rejects", abstract: "The questionable and unlinked rows of a batch, or of an entry.",
    subcommands: [ListCommand.self, CloseCommand.self], defaultSubcommand: ListCommand.self)
}

extension RejectsCommand {
  struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "The questionable and unlinked rows of a batch, or of an entry.",
      discussion:
        "With --entry up to 1000 rows are shown, or up to --limit; those of the next page come with --after BATCH.ROW, of the last row that was shown."
    )

    @OptionGroup var store: StoreArgument
    @Argument(help: "Number of the batch.")
    var batch: UInt64?
    @Option(help: "Code of an entry, instead of a batch: rows of all its batches.")
    var entry: String?
    @Option(help: "With --entry: only questionable or only unlinked rows.")
    var state: SetAsideState?
    @Option(help: "With --entry: only rows with this rule among their reasons.")
    var rule: String?
    @Option(help: "With --entry: rows at most; 1000 without it.")
    var limit: Int?
    @Option(help: ArgumentHelp("With --entry: rows behind this one.", valueName: "batch.row"))
    var after: String?
    @OptionGroup var past: AsOfOption
    @OptionGroup var masking: MaskingOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard (batch == nil) != (entry == nil) else { throw ValidationError("name a batch or --entry CODE") }
      if batch != nil, state != nil || rule != nil || after != nil || limit != nil {
        throw ValidationError("--state, --rule, --after and --limit need --entry")
      }
      if let after, place(after) == nil { throw ValidationError("--after is BATCH.ROW, not '\(after)'") }
    }

    private func place(_ text: String) -> (batch: UInt64, row: Int)? {
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, let batch = UInt64(parts[0]), let row = Int(parts[1]) else { return nil }
      return (batch, row)
    }

    func run() async throws {
      try await output.reporting {
        let database = try store.openForReading()
        let presentation = try masking.presentation(in: database)
        let snapshot = try past.snapshot(database)
        if output.json, let batch {
          // Row by row: of a wholly wrong file millions may wait.
          var raw = RawRowPresentation(presentation, of: try snapshot.entry(ofBatch: batch))
          try snapshot.forEachSetAsideRow(ofBatch: batch) { row in
            Terminal.line(
              JSON.object(members(SetAsideEntry(batch: batch, row: row), presentation, &raw)).text)
          }
          return
        }
        let limit = limit ?? 1000
        let found =
          if let batch {
            try snapshot.setAsideRows(ofBatch: batch).map { SetAsideEntry(batch: batch, row: $0) }
          } else {
            try snapshot.setAsideRows(
              of: entry, state: state, rule: rule, after: after.flatMap(place), limit: limit)
          }
        guard output.json else { return show(found, limit, presentation) }
        var raws: [UInt64: RawRowPresentation] = [:]
        for found in found {
          var raw =
            try raws[found.batch]
            ?? RawRowPresentation(presentation, of: snapshot.entry(ofBatch: found.batch))
          Terminal.line(JSON.object(members(found, presentation, &raw)).text)
          raws[found.batch] = raw
        }
      }
    }

    private func show(_ found: [SetAsideEntry], _ limit: Int, _ presentation: RecordPresentation) {
      Terminal.table(
        ["batch", "row", "state", "rule", "item", "message"],
        found.flatMap { found in
          found.row.reasons.map {
            [
              String(found.batch), String(found.row.row), found.row.state.name, $0.rule, $0.item,
              presentation.text($0.message),
            ]
          }
        })
      if entry != nil, found.count == limit, let last = found.last {
        Terminal.error("more with --after \(last.batch).\(last.row.row)")
      }
    }

    private func members(
      _ found: SetAsideEntry, _ presentation: RecordPresentation, _ rows: inout RawRowPresentation
    ) -> [(String, JSON)] {
      let row = found.row
      let raw: (String, JSON) =
        switch row.raw {
        case .object(let text): ("raw", .raw(rows.shown(text)))
        case .base64(let text): ("rawBase64", .string(presentation.rawBytes(text)))
        case .missing: ("raw", .null)
        case .excerpt(let text):
          // The beginning of a huge record may hold anything: it is only shown for a purpose.
          ("rawExcerpt", masking.unmasked ? .raw(text) : .string("withheld; use --unmasked --purpose TEXT"))
        }
      let members = [
        ("row", JSON.int(row.row)), ("state", .string(row.state.name)),
        ("reasons", .array(row.reasons.map { JSON.reason($0, presentation) })), raw,
      ]
      return batch == nil ? [("batch", .unsigned(found.batch))] + members : members
    }
  }

  struct CloseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "close",
      abstract: "Closes rows that were sent again elsewhere, or that nobody will correct.",
      discussion: "A closed row waits no longer; --as-of a commit before shows it as it was.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Number of the batch.")
    var batch: UInt64
    @Option(help: "Number of a row; may be repeated. All rows that are set aside without it.")
    var row: [Int] = []
    @Option(help: "Why; kept with the commit.")
    var reason: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        let closed = try database.closeSetAsideRows(
          ofBatch: batch, rows: row.isEmpty ? nil : Set(row), reason: reason)
        try database.close()
        output.show([
          ("closed", .int(closed.rows)), ("commits", .array(closed.commits.map { .unsigned($0) })),
        ])
      }
    }
  }
}

extension JSON {
  /// A reason why a row was set aside.
  static func reason(_ reason: RuleFinding, _ presentation: RecordPresentation) -> JSON {
    .object([
      ("rule", .string(reason.rule)), ("item", .string(reason.item)),
      ("message", .string(presentation.text(reason.message))),
    ])
  }
}

extension MaskingOptions {
  /// What may be shown.
  func presentation() throws -> RecordPresentation {
    let today = CreditDatabase.today()
    guard unmasked, let purpose else { return .masked(on: today) }
    return try .unmasked(purpose: purpose, on: today)
  }

  /// The same, by the masks of the present catalogue for past states, too.
  func presentation(in database: CreditDatabase) throws -> RecordPresentation {
    try presentation().masking(asIn: database.snapshot())
  }
}
