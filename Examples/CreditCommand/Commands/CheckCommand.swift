// Owns `credit check`.

import ArgumentParser
import Console
import CreditModel
import CreditStore

struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Checks identifiers from arguments, or one per line on standard input.")

  @Argument(help: "Identifiers to check.")
  var codes: [String] = []

  @Option(name: .customLong("as"), help: "Force the kind instead of detecting it.")
  var kind: IdentifierKind?

  @Option(help: ArgumentHelp("Day against which birth dates are judged, yyyy-MM-dd.", valueName: "date"))
  var today: String?

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let day: Day
    if let today {
      guard let given = Day(today) else { throw ValidationError("--today must be a date such as 2026-01-31") }
      day = given
    } else {
      day = CreditDatabase.today()
    }
    if codes.isEmpty {
      while let line = readLine() { print(line, day) }
    } else {
      for code in codes { print(code, day) }
    }
  }

  private func print(_ code: String, _ day: Day) {
    let verdict = Identifier.check(code, as: kind, on: day)
    if output.json {
      // Documents have no form of their own to check; the contract knows them as unknown.
      let name = verdict.kind == .document ? "unknown" : verdict.kind.rawValue
      Terminal.line(
        JSON.object([
          ("input", .string(verdict.input)), ("kind", .string(name)), ("valid", .bool(verdict.isValid)),
          ("normalized", .string(verdict.normalized)),
          ("errors", .array(verdict.errors.map { .string($0.rawValue) })),
          ("warnings", .array(verdict.warnings.map { .string($0.rawValue) })),
        ]).text)
    } else {
      let notes = (verdict.errors + verdict.warnings).map(\.explanation)
      let state = verdict.isValid ? "valid  " : "invalid"
      Terminal.line(
        "\(state)  \(verdict.kind.rawValue)  \(verdict.normalized)"
          + (notes.isEmpty ? "" : "  " + notes.joined(separator: "; ")))
    }
  }
}
