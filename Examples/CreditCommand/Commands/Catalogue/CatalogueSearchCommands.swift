// Owns `credit catalogue search`, `show`, `template` and `coverage`.

import ArgumentParser
import Console
import CreditModel
import CreditStore
import Foundation

extension CatalogueCommand {
  struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "search",
      abstract: "Finds entries by words, unit, region and properties, a page at a time.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Words that all have to stand in code, name, category, basis or items.")
    var words: [String] = []
    @Option(help: "Category of information.")
    var category: String?
    @Option(help: "Nature: positive, negative, neutral.")
    var nature: CatalogueEntry.Nature?
    @Option(help: "Openness: public, government, authorized.")
    var openness: Openness?
    @Option(help: "Sharing: unconditional, conditional, none.")
    var sharing: CatalogueEntry.Sharing?
    @Option(help: "Level: national, provincial, municipal.")
    var level: CatalogueEntry.Level?
    @Option(help: "Beginning of a division, such as 13 or 130302.")
    var region: String?
    @Option(help: "Credit code of a reporting unit.")
    var unit: String?
    @Option(help: "Kind of subject.")
    var subjectKind: String?
    @Option(help: "Update cycle.")
    var cycle: String?
    @Flag(help: "Do not look at ids and names of items.")
    var withoutItems = false
    @Option(help: "Entries of a page.")
    var limit = 50
    @Option(help: "`next` of the page before.")
    var after: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard (1...100_000).contains(limit) else { throw ValidationError("--limit lies between 1 and 100000") }
    }

    func run() async throws {
      try await output.reporting {
        var query = CatalogueQuery(text: words.joined(separator: " "))
        (query.category, query.nature, query.openness, query.sharing) = (category, nature, openness, sharing)
        (query.level, query.region, query.unit) = (level, region, unit)
        (query.subjectKind, query.updateCycle) = (subjectKind, cycle)
        query.searchesItems = !withoutItems
        let page = try store.openForReading().catalogue.search(query, after: after, limit: limit)
        if output.json {
          for entry in page.entries { Terminal.line(try JSON.encoding(entry)) }
          Terminal.line(
            JSON.object([("total", .int(page.total)), ("next", page.next.map { .string($0) } ?? .null)]).text)
        } else {
          Terminal.table(
            ["code", "name", "version", "items", "category", "nature"],
            page.entries.map {
              [$0.code, $0.name, String($0.version), String($0.itemCount), $0.category, $0.nature.rawValue]
            })
          Terminal.error("\(page.total) entries" + (page.next.map { "; go on with --after \($0)" } ?? ""))
        }
      }
    }
  }

  struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Prints an entry as JSON, as it can be changed and imported again.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of the entry.")
    var code: String
    @Option(help: "A version; the current one without it.")
    var version: Int?
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let catalogue = try store.openForReading().catalogue
        let entry =
          try version.map { try catalogue.version($0, of: code).entry } ?? catalogue.entry(code).entry
        if output.json {
          Terminal.line(String(decoding: entry.encodedJSON(), as: UTF8.self))
        } else {
          let encoder = JSONEncoder()
          encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
          Terminal.line(String(decoding: try encoder.encode(entry), as: UTF8.self))
        }
      }
    }
  }

  struct TemplateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "template",
      abstract: "Writes the CSV file a unit fills in: the header, or what each column means.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of the entry.")
    var code: String
    @Flag(help: "Write a line for each column with type, length, options and what to know.")
    var explain = false
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let template = ReportingTemplate(of: try store.openForReading().catalogue.entry(code).entry)
        if output.json {
          Terminal.line(
            JSON.object([("entry", .string(code)), ("columns", .array(template.columns.map { .string($0) }))])
              .text)
        } else {
          FileHandle.standardOutput.write(Data((explain ? template.explanation : template.header).utf8))
        }
      }
    }
  }

  struct CoverageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "coverage", abstract: "Counts entries and records by unit, region, category or nature.")

    @OptionGroup var store: StoreArgument
    @Option(help: "unit, region, category, nature, subjectKind or updateCycle.")
    var by: CoverageGrouping = .category
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let groups = try store.openForReading().catalogueCoverage(by: by)
        if output.json {
          for group in groups { Terminal.line(try JSON.encoding(group)) }
        } else {
          Terminal.table(
            [by.rawValue, "entries", "with records", "items", "records"],
            groups.map {
              [
                $0.key ?? "—", String($0.entries), String($0.entriesWithRecords), String($0.items),
                String($0.records),
              ]
            })
        }
      }
    }
  }
}

extension CatalogueEntry.Nature: @retroactive ExpressibleByArgument {}
extension CatalogueEntry.Sharing: @retroactive ExpressibleByArgument {}
extension CatalogueEntry.Level: @retroactive ExpressibleByArgument {}
extension Openness: @retroactive ExpressibleByArgument {}
extension CoverageGrouping: @retroactive ExpressibleByArgument {}
extension EntryReview.State: @retroactive ExpressibleByArgument {}
