// Owns `credit aggregate`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import SegmentStore

struct AggregateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aggregate", abstract: "Counts and sums over groups of current records.",
    discussion: """
      Groups: an item, month(X), quarter(X), year(X), or $entry, $unit, $batch, $received (the batch of the first version), $state, $subjectKind, $division.
      Measures: count, sum:X, min:X, max:X, avg:X, distinct:X.
      """)

  @OptionGroup var store: StoreArgument
  @OptionGroup var question: QuestionOptions
  @Option(help: "Groups, separated by commas.")
  var groupBy: String?
  @Option(help: "A measure; may be repeated.")
  var measure: [String] = []
  @OptionGroup var masking: MaskingOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let groups = try Self.split(groupBy ?? "").map { try AggregateQuery.Group(parsing: $0) }
      let measures = try measure.map { try AggregateQuery.Measure(parsing: $0) }
      // Named twice, one would hide the other in an object.
      guard Set(groups.map(\.label)).count == groups.count else {
        throw CreditError("invalidGroup", "a group is named twice")
      }
      guard Set(measures.map(\.label)).count == measures.count else {
        throw CreditError("invalidMeasure", "a measure is named twice")
      }
      let query = AggregateQuery(
        entries: question.entry, filter: try question.filter(), groups: groups,
        measures: measures)
      let start = ContinuousClock.now
      let database = try store.openForReading(memory: memory)
      let presentation = try masking.presentation(in: database)
      let before = database.readingStatistics
      let snapshot = try question.past.snapshot(database)
      let result = try await snapshot.aggregateInBackground(query)
      if question.explain {
        let (scanned, matched) = (result.recordsScanned, result.recordsMatched)
        Explanation.print(
          question.entry, "\(scanned) records, \(matched) matched, \(result.rows.count) groups",
          result.explanation,
          database.readingStatistics.since(before), commit: snapshot.commit, took: ContinuousClock.now - start
        )
      }
      // Values of items are masked like those of records.
      var items = result.items
      if question.past.asOf != nil {
        let codes = question.entry.isEmpty ? try database.catalogue.list().map(\.entry.code) : question.entry
        items = items.mapValues { presentation.item($0, in: codes) }
      }
      let rows = result.rows.map { row in
        AggregateResult.Row(
          group: zip(query.groups, row.group).map { presentation.cell($1, of: items[$0.column]) },
          measures: zip(query.measures, row.measures).map { measure, cell in
            // What is counted is nobody's number; the sum and the average of one record are.
            [.count, .distinct].contains(measure.function)
              ? cell : presentation.cell(cell, of: items[measure.item])
          })
      }
      if output.json {
        for row in rows {
          let group = zip(query.groups, row.group).map { ($0.label, Self.json($1)) }
          let members = zip(query.measures, row.measures).map { ($0.label, Self.json($1)) }
          Terminal.line(JSON.object([("group", .object(group))] + members).text)
        }
      } else {
        Terminal.table(
          query.groups.map(\.label) + query.measures.map(\.label),
          rows.map { (Array($0.group) + Array($0.measures)).map(Self.text) })
      }
    }
  }

  /// Cuts at commas outside brackets and backticks.
  static func split(_ text: String) -> [String] {
    var parts: [String] = []
    var current = ""
    var depth = 0
    var isQuoted = false
    for character in text {
      switch character {
      case "`": isQuoted.toggle()
      case "(" where !isQuoted: depth += 1
      case ")" where !isQuoted: depth -= 1
      default: break
      }
      if character == ",", depth == 0, !isQuoted {
        parts.append(current)
        current = ""
      } else {
        current.append(character)
      }
    }
    parts.append(current)
    return parts.map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }.filter { !$0.isEmpty }
  }

  private static func json(_ cell: AggregateResult.Cell) -> JSON {
    switch cell {
    case .null: .null
    case .integer(let number): .raw(String(number))
    case .text(let text): .string(text)
    case .boolean(let flag): .bool(flag)
    }
  }

  private static func text(_ cell: AggregateResult.Cell) -> String {
    switch cell {
    case .null: "(none)"
    case .integer(let number): String(number)
    case .text(let text): text
    case .boolean(let flag): String(flag)
    }
  }
}
