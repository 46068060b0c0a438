// Owns `credit batches`: what was reported, batch by batch or counted.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct BatchesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batches", abstract: "Lists what units reported, or counts it with --by.",
    discussion: "--by unit,month counts by groups: unit, entry, channel, region, period, day, month, year.")

  @OptionGroup var store: StoreArgument
  @Option(help: "Only batches of this unit.")
  var unit: String?
  @Option(help: "Only batches of this entry.")
  var entry: String?
  @Option(
    help:
      "Only batches whose rows wait to be corrected, linked or judged again, or others: complete, waiting, resubmitted, nothing."
  )
  var state: BatchReport.State?
  @Option(help: ArgumentHelp("Count by these groups, joined by commas.", valueName: "groups"))
  var by: String?
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let snapshot = try store.openForReading().snapshot()
      // A file may be called after a person.
      let presentation = RecordPresentation.masked(on: CreditDatabase.today())
      if by != nil, state != nil { throw ValidationError("--by counts batches in every state") }
      if let by {
        let groups = try by.split(separator: ",").map { word in
          guard let group = CollectionStatistics.Group(rawValue: String(word)) else {
            let known = CollectionStatistics.Group.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(word) is no group; there are \(known)")
          }
          return group
        }
        if let twice = groups.first(where: { group in groups.count(where: { $0 == group }) > 1 }) {
          throw ValidationError("--by names \(twice.rawValue) twice")
        }
        show(try snapshot.collectionStatistics(by: groups, unit: unit, entry: entry), groups)
        return
      }
      show(
        try snapshot.batches(unit: unit, entry: entry).filter { report in
          state.map { $0 == report.state } ?? true
        }, presentation)
    }
  }

  private func show(_ reports: [BatchReport], _ presentation: RecordPresentation) {
    if !output.json {
      Terminal.table(
        [
          "batch", "day", "unit", "entry", "channel", "state", "reported", "loaded", "updated",
          "questionable", "unlinked", "waiting",
        ],
        reports.map { report in
          [
            String(report.batch), report.day.description, report.unit ?? "", report.entry,
            report.channel?.rawValue ?? "",
          ]
            + [report.state.rawValue]
            + [
              report.reported, report.loaded, report.updated, report.questionable, report.unlinked,
              report.waiting,
            ]
            .map { String($0) }
        })
      return
    }
    func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    for report in reports {
      Terminal.line(
        JSON.object([
          ("batch", .unsigned(report.batch)), ("entry", .string(report.entry)), ("unit", text(report.unit)),
          ("file", text(report.file.map(presentation.text))), ("channel", text(report.channel?.rawValue)),
          ("period", text(report.period)),
          ("resubmits", report.resubmits.map { .unsigned($0) } ?? .null),
          ("resubmittedIn", .array(report.resubmittedIn.map(JSON.unsigned))),
          ("resubmittedRows", .int(report.resubmittedRows)), ("isJudgement", .bool(report.isJudgement)),
          ("state", .string(report.state.rawValue)), ("reported", .int(report.reported)),
          ("loaded", .int(report.loaded)), ("updated", .int(report.updated)),
          ("duplicate", .int(report.duplicate)),
          ("questionable", .int(report.questionable)), ("unlinked", .int(report.unlinked)),
          ("waiting", .int(report.waiting)), ("openRows", .int(report.openRows)),
          ("instant", .string(report.instant.formatted(.iso8601))),
        ]).text)
    }
  }

  private func show(_ rows: [CollectionStatistics], _ groups: [CollectionStatistics.Group]) {
    func percent(_ rate: Double?) -> String? { rate.map { String(format: "%.2f", $0) } }
    if !output.json {
      Terminal.table(
        groups.map(\.rawValue) + [
          "batches", "reported", "loaded", "updated", "duplicate", "questionable", "unlinked", "waiting",
          "loading %", "questionable %",
        ],
        rows.map { row in
          row.group.map { $0 ?? "" }
            + [
              row.batches, row.reported, row.loaded, row.updated, row.duplicate, row.questionable,
              row.unlinked, row.waiting,
            ]
            .map { String($0) } + [percent(row.loadingRate) ?? "", percent(row.questionableRate) ?? ""]
        })
      return
    }
    func rate(_ rate: Double?) -> JSON { percent(rate).map { .string($0) } ?? .null }
    for row in rows {
      let group = zip(groups, row.group).map { ($0.rawValue, $1.map { JSON.string($0) } ?? .null) }
      Terminal.line(
        JSON.object([
          ("group", .object(group)), ("batches", .int(row.batches)), ("reported", .int(row.reported)),
          ("loaded", .int(row.loaded)), ("updated", .int(row.updated)), ("duplicate", .int(row.duplicate)),
          ("questionable", .int(row.questionable)), ("unlinked", .int(row.unlinked)),
          ("waiting", .int(row.waiting)),
          ("loadingRate", rate(row.loadingRate)), ("updateRate", rate(row.updateRate)),
          ("questionableRate", rate(row.questionableRate)), ("unlinkedRate", rate(row.unlinkedRate)),
        ]).text)
    }
  }
}

extension BatchReport.State: @retroactive ExpressibleByArgument {}
