// Owns `credit query`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import SegmentStore

struct QueryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "Current records that satisfy a filter, page by page.",
    discussion: """
      Records come in the order asked for, then by entry, subject and record key; all pages are read as of the commit of the first. With --json
      each record is a line as of `records`, and the last line is {"next","more","commit"}: give "next" to --after for the next page. A page that ends at a
      personal number has no "next" without --unmasked --purpose.
      """)

  @OptionGroup var store: StoreArgument
  @OptionGroup var question: QuestionOptions
  @Option(help: "Items to order by, separated by commas; '-X' for the largest first (write --order-by=-X).")
  var orderBy: String?
  @Option(help: "Records of a page, 1 to 10000.")
  var limit = 100
  @Option(help: "Where the page before ended.")
  var after: String?
  @OptionGroup var masking: MaskingOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let query = RecordQuery(
        entries: question.entry, filter: try question.filter(),
        order: try AggregateCommand.split(orderBy ?? "").map { try RecordQuery.Order(parsing: $0) },
        limit: limit,
        cursor: after)
      let start = ContinuousClock.now
      let database = try store.openForReading(memory: memory)
      let presentation = try masking.presentation(in: database)
      let before = database.readingStatistics
      let page = try await question.past.snapshot(database).recordsInBackground(matching: query)
      let took = ContinuousClock.now - start
      RecordOutput.page(page, query, presentation, json: output.json)
      if question.explain {
        Explanation.print(
          question.entry, "\(page.records.count) records of a page", page.explanation,
          database.readingStatistics.since(before), commit: page.commit, took: took)
      }
    }
  }
}
