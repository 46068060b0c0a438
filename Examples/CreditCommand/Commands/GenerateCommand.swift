// Owns `credit generate`.

import ArgumentParser
import CityGeneration
import Console
import CreditStore
import Foundation

struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Writes CSV files and catalogue JSON of a synthetic city.",
    discussion: """
      Profiles: city and peer (the benchmark's nine columns). A city of less than a million records has registrations, permits and penalties with rows \
      that break every rule; a larger one, or one with --entries, has files of all its entries in DIR/files and their list in DIR/files.csv: one entry \
      for each 12,600 records, 25,000 at most. With --store DIR becomes a store with all of it.
      """
  )

  enum Profile: String, ExpressibleByArgument, CaseIterable { case city, peer }

  @Argument(help: "Folder to write into; made if it is missing.")
  var folder: String
  @Option(help: "Number of records, about.")
  var records: Int = 200_000
  @Option(help: "Seed: the same seed gives the same files.")
  var seed: UInt64 = 1
  @Option(help: "What to generate: city or peer.")
  var profile: Profile = .city
  @Option(help: "Entries of a city, 3 to 25000; by default as many as its records are worth.")
  var entries: Int?
  @Flag(help: "Make a store of the folder and load a city straight into it.")
  var store = false
  @OptionGroup var memory: MemoryOption
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...1_000_000_000).contains(records) else {
      throw ValidationError("--records must be 1 to 1000000000")
    }
    if let entries, !(3...CityPlan.maximumEntries).contains(entries) {
      throw ValidationError("--entries must be 3 to \(CityPlan.maximumEntries)")
    }
    if profile == .peer, store || entries != nil {
      throw ValidationError("--store and --entries are for the profile city")
    }
  }

  func run() async throws {
    try await output.reporting {
      let count = entries ?? CityPlan.entryCount(records: records)
      if store { return try load(count) }
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw CreditError("unwritable", "the folder cannot be made", file: folder)
      }
      let bar = ProgressBar("generate")
      let summary =
        switch profile {
        case .city where count == 3 && entries == nil:
          try SmallCityProfile(folder: folder, records: records, seed: seed).write { bar.show($0, "") }
        case .city:
          try CityProfile(folder: folder, plan: CityPlan(records: records, entries: count, seed: seed))
            .write { bar.show($0, $1) }
        case .peer: try PeerProfile(folder: folder, records: records, seed: seed).write { bar.show($0, "") }
        }
      bar.finish()
      if output.json {
        Terminal.line(JSON.object(members(summary)).text)
      } else {
        Terminal.line(
          "wrote \(summary.files) files with about \(summary.records) records of \(summary.entries) entries to \(folder)"
        )
      }
    }
  }

  private func load(_ count: Int) throws {
    let bar = ProgressBar("load")
    let city = CityProfile(folder: folder, plan: CityPlan(records: records, entries: count, seed: seed))
    let (summary, load) = try city.load(
      memoryBudgetBytes: memory.memory == nil ? 896 << 20 : memory.options.memoryBudgetBytes
    ) { bar.show($0, $1) }
    bar.finish()
    guard output.json else {
      Terminal.line("loaded \(summary.records) rows of \(summary.entries) entries into \(folder)")
      return Terminal.table(
        [
          "loaded", "updated", "duplicate", "questionable", "unlinked", "seconds", "core seconds",
          "of the generator",
        ],
        [
          [load.loaded, load.updated, load.duplicate, load.questionable, load.unlinked].map(String.init)
            + [load.collectSeconds, load.collectCoreSeconds, load.generatorSeconds].map {
              String(rounded($0))
            }
        ])
    }
    Terminal.line(
      JSON.object(
        members(summary) + [
          ("loaded", .int(load.loaded)), ("updated", .int(load.updated)), ("duplicate", .int(load.duplicate)),
          ("questionable", .int(load.questionable)), ("unlinked", .int(load.unlinked)),
          ("publishSeconds", .number(rounded(load.publishSeconds))),
          ("seconds", .number(rounded(load.collectSeconds))),
          ("coreSeconds", .number(rounded(load.collectCoreSeconds))),
          ("generatorCoreSeconds", .number(rounded(load.generatorSeconds))),
        ]
      ).text)
  }

  private func rounded(_ seconds: Double) -> Double { (seconds * 100).rounded() / 100 }

  private func members(_ summary: GenerationSummary) -> [(String, JSON)] {
    [
      ("files", .int(summary.files)), ("records", .int(summary.records)), ("entries", .int(summary.entries)),
      ("units", .int(summary.units)),
    ]
  }
}
