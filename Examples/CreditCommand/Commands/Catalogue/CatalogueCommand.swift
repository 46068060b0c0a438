// Owns `credit catalogue import` and `credit catalogue list`, and the reading of files with entries.

import ArgumentParser
import Console
import CreditModel
import CreditStore
import Foundation

struct CatalogueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalogue", abstract: "Publishes, searches and reviews catalogue entries.",
    subcommands: [
      ImportCommand.self, ListCommand.self, SearchCommand.self, ShowCommand.self, TemplateCommand.self,
      CoverageCommand.self, VersionsCommand.self, DifferenceCommand.self, CheckVersionCommand.self,
      RollBackCommand.self, SubmitCommand.self, ReviewsCommand.self, ApproveCommand.self, RejectCommand.self,
      WithdrawReviewCommand.self,
    ])

  struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Publishes entries from a JSON file: one object or an array.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "The JSON file.")
    var file: String
    @OptionGroup var leaving: LeavingOption
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let (entries, unread) = try CatalogueCommand.entries(in: file)
        let database = try waiting.open(store)
        let result = try database.catalogue.publish(entries, leavesValues: leaving.leaveValues)
        try database.close()
        let counts = [("published", JSON.int(result.published)), ("unchanged", .int(result.unchanged))]
        output.show(unread.isEmpty ? counts : counts + [("unread", .array(unread.map { .string($0) }))])
      }
    }
  }

  /// What becomes of values when an item gets another type.
  struct LeavingOption: ParsableArguments {
    @Flag(
      help:
        "Publish although items get another type or scale and records have values: these stay in older versions and are not shown until the files are collected again."
    )
    var leaveValues = false
  }

  /// The entries in a JSON file, and the members in it that nothing is read from, which are named on standard error.
  static func entries(in file: String) throws -> (entries: [CatalogueEntry], unread: [String]) {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    if let size = attributes?[.size] as? Int, size > CatalogueEntry.maximumJSONBytes {
      throw CreditError(
        "invalidCatalogue", "the file is larger than \(CatalogueEntry.maximumJSONBytes >> 20) MiB", file: file
      )
    }
    guard let data = FileManager.default.contents(atPath: file) else {
      throw CreditError("unreadable", "the file cannot be read", file: file)
    }
    do {
      let entries = try CatalogueEntry.decode(json: data)
      let unread = CatalogueEntry.unreadMembers(json: data)
      if !unread.isEmpty {
        Terminal.error("\(file): nothing is read from " + unread.joined(separator: ", "))
      }
      return (entries, unread)
    } catch {
      throw CreditError("invalidCatalogue", error.description, file: file)
    }
  }

  /// The one entry in a JSON file.
  static func entry(in file: String) throws -> CatalogueEntry {
    let entries = try entries(in: file).entries
    guard let entry = entries.first, entries.count == 1 else {
      throw CreditError(
        "invalidCatalogue", "the file holds \(entries.count) entries; one is looked at", file: file)
    }
    return entry
  }

  struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists entries.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try store.openForReading()
        let counts = try database.recordCounts()
        guard !output.json else {
          for (code, json) in try database.catalogue.listJSON() {
            Terminal.line(String(json.dropLast()) + ",\"records\":\(counts[code] ?? 0)}")
          }
          return
        }
        let page = try database.catalogue.search(CatalogueQuery(), limit: .max)
        let rows = page.entries.map {
          [$0.code, $0.name, String($0.version), String($0.itemCount), String(counts[$0.code] ?? 0)]
        }
        Terminal.table(["code", "name", "version", "items", "records"], rows)
      }
    }
  }
}
