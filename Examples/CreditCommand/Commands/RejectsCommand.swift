// Owns `credit rejects` and `credit rejudge`: rows set aside, and what becomes of them later.
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
    commandName: "rejects", abstract: "The questionable and unlinked rows of a batch, or of an entry.")

  @OptionGroup var store: StoreArgument
  @Argument(help: "Number of the batch.")
  var batch: UInt64?
  @Option(help: "Code of an entry, instead of a batch: rows of all its batches.")
  var entry: String?
  @Option(help: "With --entry: only questionable or only unlinked rows.")
  var state: SetAsideState?
  @Option(help: "With --entry: only rows with this rule among their reasons.")
  var rule: String?
  @Option(help: "With --entry: rows at most.")
  var limit = 1000
  @OptionGroup var masking: MaskingOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (batch == nil) != (entry == nil) else { throw ValidationError("name a batch or --entry CODE") }
    if batch != nil, state != nil || rule != nil { throw ValidationError("--state and --rule need --entry") }
  }

  func run() async throws {
    try await output.reporting {
      let presentation = try masking.presentation()
      let snapshot = try store.openForReading().snapshot()
      let found =
        if let batch {
          try snapshot.setAsideRows(ofBatch: batch).map { SetAsideEntry(batch: batch, row: $0) }
        } else {
          try snapshot.setAsideRows(of: entry, state: state, rule: rule, limit: limit)
        }
      guard output.json else {
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
        return
      }
      var entries: [UInt64: CatalogueEntry] = [:]
      for found in found {
        let entry = try entries[found.batch] ?? snapshot.entry(ofBatch: found.batch)
        entries[found.batch] = entry
        Terminal.line(JSON.object(members(found, entry, presentation)).text)
      }
    }
  }

  private func members(
    _ found: SetAsideEntry, _ entry: CatalogueEntry, _ presentation: RecordPresentation
  ) -> [(String, JSON)] {
    let row = found.row
    let raw: (String, JSON) =
      switch row.raw {
      case .object(let text): ("raw", .raw(presentation.rawRow(text, of: entry)))
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

struct RejudgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rejudge",
    abstract: "Judges rows again that were set aside, and takes in those that pass now.",
    discussion: """
      After the catalogue, its rules or the options changed: all rows of --batch or of --entry. With --row and COLUMN=CELL one row of a batch with corrected cells: a \
      subject's code for an unlinked row, a date that was mistyped.
      """)

  @OptionGroup var store: StoreArgument
  @Option(help: "Number of the batch.")
  var batch: UInt64?
  @Option(help: "Code of an entry: rows of all its batches.")
  var entry: String?
  @Option(help: "Number of a row of the batch, to be corrected.")
  var row: Int?
  @Option(help: "Why; kept with the commit.")
  var reason: String?
  @OptionGroup var waiting: WaitOption
  @OptionGroup var output: OutputOptions
  @Argument(help: "Cells of the row as COLUMN=CELL; a column of the header, or an item.")
  var cells: [String] = []

  func validate() throws {
    guard (batch == nil) != (entry == nil) else { throw ValidationError("name --batch N or --entry CODE") }
    guard (row == nil) == cells.isEmpty, row == nil || batch != nil else {
      throw ValidationError("corrected cells need --batch and --row, and --row needs cells")
    }
    if let wrong = cells.first(where: { !$0.contains("=") }) {
      throw ValidationError("'\(wrong)' is no COLUMN=CELL")
    }
  }

  func run() async throws {
    try await output.reporting {
      let database = try waiting.open(store)
      let result: Judgement
      if let batch {
        var corrections: [Int: [String: String]] = [:]
        if let row {
          for cell in cells {
            let parts = cell.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
              String.init)
            corrections[row, default: [:]][parts[0]] = parts[1]
          }
        }
        result = try database.judgeAgain(batch: batch, corrections: corrections, reason: reason)
      } else {
        let bar = ProgressBar("rejudge")
        defer { bar.finish() }
        result = try await database.judgeAgain(entry: entry, reason: reason) { bar.show($0, "") }
      }
      try database.close()
      show(result)
    }
  }

  private func show(_ result: Judgement) {
    let presentation = RecordPresentation.masked(on: CreditDatabase.today())
    guard output.json else {
      output.show([
        ("judged", .int(result.judged)), ("loaded", .int(result.loaded)), ("updated", .int(result.updated)),
        ("duplicate", .int(result.duplicate)), ("remaining", .int(result.remaining)),
      ])
      return Terminal.table(
        ["batch", "row", "rule", "item", "message"],
        result.refusals.flatMap { refusal in
          refusal.reasons.map {
            [String(refusal.batch), String(refusal.row), $0.rule, $0.item, presentation.text($0.message)]
          }
        })
    }
    let refusals = result.refusals.map { refusal in
      JSON.object([
        ("batch", .unsigned(refusal.batch)), ("row", .int(refusal.row)),
        ("reasons", .array(refusal.reasons.map { JSON.reason($0, presentation) })),
      ])
    }
    Terminal.line(
      JSON.object([
        ("judged", .int(result.judged)), ("loaded", .int(result.loaded)), ("updated", .int(result.updated)),
        ("duplicate", .int(result.duplicate)), ("remaining", .int(result.remaining)),
        ("refusals", .array(refusals)),
        ("commits", .array(result.commits.map { .unsigned($0) })),
      ]).text)
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
}
