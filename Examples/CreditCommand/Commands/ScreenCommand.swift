// Owns `credit screen`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct ScreenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "screen", abstract: "Counts the records of many identifiers, one per line of a file.")

  @OptionGroup var store: StoreArgument
  @Argument(help: "File with one identifier per line; '-' reads standard input.")
  var file: String
  @Flag(help: "Count records under each identifier alone, without those linked with it.")
  var noLinks = false
  @OptionGroup var past: AsOfOption
  @OptionGroup var masking: MaskingOptions
  @OptionGroup var memory: MemoryOption
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let presentation = try masking.presentation()
      let texts = try Self.lines(of: file)
      let snapshot = try past.snapshot(store.openForReading(memory: memory))
      let screenings = try snapshot.screen(texts, links: noLinks ? .ignored : .followed)
      if output.json {
        for screening in screenings { Terminal.line(Self.json(screening, presentation).text) }
        return
      }
      let found = screenings.filter(\.isFound)
      Terminal.table(
        ["identifier", "positive", "negative", "neutral", "repaired", "entries"],
        found.map { screening in
          [presentation.text(screening.input)]
            + [CatalogueEntry.Nature.positive, .negative, .neutral].map { String(screening.natures[$0] ?? 0) }
            + [
              String(screening.repaired),
              screening.records.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
                separator: ", "),
            ]
        })
      Terminal.error(
        "\(found.count) of \(screenings.count) identifiers have records, commit \(snapshot.commit)")
    }
  }

  private static func json(_ screening: Screening, _ presentation: RecordPresentation) -> JSON {
    let natures = [CatalogueEntry.Nature.positive, .negative, .neutral].map {
      ($0.rawValue, JSON.int(screening.natures[$0] ?? 0))
    }
    return .object(
      [
        ("input", .string(presentation.text(screening.input))), ("found", .bool(screening.isFound)),
        ("records", .int(screening.records.values.reduce(0, +))),
        ("linked", .int(screening.linked.count)),
      ] + natures + [
        ("repaired", .int(screening.repaired)),
        (
          "entries",
          .object(screening.records.sorted { $0.key < $1.key }.map { ($0.key, JSON.int($0.value)) })
        ),
      ])
  }

  private static func lines(of file: String) throws -> [String] {
    let data: Data
    if file == "-" {
      data = FileHandle.standardInput.readDataToEndOfFile()
    } else {
      guard let found = FileManager.default.contents(atPath: file) else {
        throw CreditError("unreadable", "the file cannot be read", file: file)
      }
      data = found
    }
    return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty }
  }
}
