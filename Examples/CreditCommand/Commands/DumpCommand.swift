// Owns `credit dump`: the structures of a store as text, for people who want to know where its bytes are.

import ArgumentParser
import Console
import CreditStore
import SegmentStore

extension DumpDetail: @retroactive ExpressibleByArgument {
  /// Reads a name.
  public init?(argument: String) {
    guard let detail = DumpDetail.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = detail
  }
  /// The names.
  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}

struct DumpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract:
      "Shows the structures of a store as text: segments, datasets, columns, encodings, bytes. Never a value."
  )

  @OptionGroup var store: StoreArgument
  @Option(help: "How much: segments, datasets, columns or blocks.")
  var detail = DumpDetail.columns
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let json = output.json
      try store.openForReading().dump(detail) { line in
        Terminal.line(json ? JSON.object([("line", .string(line))]).text : line)
      }
    }
  }
}
