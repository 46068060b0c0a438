// Owns `credit catalogue import` and `credit catalogue list`.

import ArgumentParser
import CreditModel
import CreditStore
import Foundation

struct CatalogueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalogue", abstract: "Publishes and lists catalogue entries.",
    subcommands: [ImportCommand.self, ListCommand.self])

  struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import", abstract: "Publishes entries from a JSON file: one object or an array.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "The JSON file.")
    var file: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let entries = try read()
        let database = try waiting.open(store)
        let result = try database.catalogue.publish(entries)
        try database.close()
        if output.json {
          Terminal.line(
            JSON.object([("published", .int(result.published)), ("unchanged", .int(result.unchanged))]).text)
        } else {
          Terminal.line("published \(result.published), unchanged \(result.unchanged)")
        }
      }
    }

    private func read() throws -> [CatalogueEntry] {
      let attributes = try? FileManager.default.attributesOfItem(atPath: file)
      if let size = attributes?[.size] as? Int, size > CatalogueEntry.maximumJSONBytes {
        throw CreditError(
          "invalidCatalogue", "the file is larger than \(CatalogueEntry.maximumJSONBytes >> 20) MiB",
          file: file)
      }
      guard let data = FileManager.default.contents(atPath: file) else {
        throw CreditError("unreadable", "the file cannot be read", file: file)
      }
      do {
        return try CatalogueEntry.decode(json: data)
      } catch {
        throw CreditError("invalidCatalogue", error.description, file: file)
      }
    }
  }

  struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists entries.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try store.openForReading()
        let entries = try database.catalogue.list()
        let counts = try database.recordCounts()
        var rows: [[String]] = []
        for entry in entries {
          let records = counts[entry.entry.code] ?? 0
          if output.json {
            let json = String(decoding: try entry.entry.encodedJSON(), as: UTF8.self)
            Terminal.line(String(json.dropLast()) + ",\"records\":\(records)}")
          } else {
            rows.append([
              entry.entry.code, entry.entry.name, String(entry.entry.version),
              String(entry.entry.items.count),
              String(records),
            ])
          }
        }
        if !output.json { Terminal.table(["code", "name", "version", "items", "records"], rows) }
      }
    }
  }
}
