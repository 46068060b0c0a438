import ArgumentParser
struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "generate", abstract: "Writes CSV files and catalogue JSON.")
  func run() async throws {}
}
