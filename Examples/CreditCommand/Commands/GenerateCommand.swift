// Owns `credit generate`.

import ArgumentParser
import CreditStore
import Foundation

struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Writes CSV files and catalogue JSON of a synthetic city.",
    discussion:
      "Profiles: city (registrations, permits, penalties, dirty rows) and peer (the benchmark's nine columns)."
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
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...1_000_000_000).contains(records) else {
      throw ValidationError("--records must be 1 to 1000000000")
    }
  }

  func run() async throws {
    try await output.reporting {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw CreditError("unwritable", "the folder cannot be made", file: folder)
      }
      let bar = ProgressBar("generate")
      let summary =
        switch profile {
        case .city: try CityProfile(folder: folder, records: records, seed: seed).write { bar.show($0, "") }
        case .peer: try PeerProfile(folder: folder, records: records, seed: seed).write { bar.show($0, "") }
        }
      bar.finish()
      if output.json {
        Terminal.line(
          JSON.object([
            ("files", .int(summary.files)), ("records", .int(summary.records)),
            ("entries", .int(summary.entries)),
            ("units", .int(summary.units)),
          ]).text)
      } else {
        Terminal.line(
          "wrote \(summary.files) files with about \(summary.records) records of \(summary.entries) entries to \(folder)"
        )
      }
    }
  }
}
