// Owns `credit financing`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

struct FinancingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "financing",
    abstract: "Data of a subject that was gathered for financing (信易贷), kind by kind.",
    discussion: "With --consent, --unit and --purpose what that unit may read with that consent.")
  @OptionGroup var platform: PlatformOptions
  @Argument(help: "Identifier of the subject.") var subject: String

  @OptionGroup var authority: ConsentOptions

  func run() async throws {
    try await platform.run(
      audience: authority.consent == nil ? .centre : .authorized, unit: authority.unit,
      consent: authority.consent
    ) { session, _ in
      let view = try session.financing(of: subject)
      if platform.output.json {
        try platform.show(view, "")
        return
      }
      try platform.show(view.kinds, ["entry", "name", "records", "first", "last"]) {
        [
          $0.entry, $0.name, String($0.records.count), $0.first?.description ?? "-",
          $0.last?.description ?? "-",
        ]
      }
    }
  }
}
