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
  @Argument(help: "File with one identifier per line, of a table the first column; '-' reads standard input.")
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
      let invalid = screenings.filter { !$0.isFound && !Self.isValid($0) }
      if !invalid.isEmpty {
        Terminal.error("\(invalid.count) of the others are no valid numbers; --json says which")
      }
    }
  }

  private static func json(_ screening: Screening, _ presentation: RecordPresentation) -> JSON {
    let natures = [CatalogueEntry.Nature.positive, .negative, .neutral].map {
      ($0.rawValue, JSON.int(screening.natures[$0] ?? 0))
    }
    return .object(
      [
        ("input", .string(presentation.text(screening.input))), ("found", .bool(screening.isFound)),
        ("valid", .bool(isValid(screening))),
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

  /// Whether the number could be one, or a record has it.
  private static func isValid(_ screening: Screening) -> Bool {
    screening.isFound || Identifier.check(screening.input, on: CreditDatabase.today()).isValid
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
    guard let text = String(validating: data, as: UTF8.self) else {
      throw CreditError("invalidFile", "the file is not UTF-8; save it as such", file: file)
    }
    // Of a table the first column counts.
    return text.split(whereSeparator: \.isNewline).map { line in
      let cell = line.split(omittingEmptySubsequences: false) { $0 == "," || $0 == "\t" }.first ?? ""
      return cell.trimmingCharacters(in: .whitespaces.union(["\"", "\u{FEFF}"]))
    }.filter { !$0.isEmpty }
  }
}
