// Owns `credit rejudge`: rows set aside that pass by now, or once somebody corrected them.
// Invariants: values of people are masked in what is printed.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore

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
