// Owns `credit report`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Makes credit reports, and verifies those that were issued.",
    subcommands: [
      Make.self, Verify.self, Apply.self, Decide.self, Supplement.self, Issue.self, Applications.self,
    ], defaultSubcommand: Make.self)

  struct Make: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Makes the credit report of a subject.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Identifier of the subject.") var subject: String
    @Option(help: "Kind of the identifier, instead of detecting it.") var kind: IdentifierKind?
    @Option(help: "Layout: body2022, person2022, body2021, person2021, noViolation, or a JSON file.")
    var template: String?
    @Option(help: "For whose eyes: everybody, government, authorized, subject, centre.")
    var audience: Audience = .subject
    @Option(help: "First day of the period.") var from: Day?
    @Option(help: "Last day of the period.") var until: Day?
    @Option(help: ArgumentHelp("State as of a commit.", valueName: "commit")) var asOf: UInt64?
    @Option(help: ArgumentHelp("Day whose rules count; today without it.", valueName: "day")) var today: Day?
    @OptionGroup var authority: ConsentOptions
    @Flag(help: "Give it a number, under which it can be verified.") var issue = false
    @Option(help: ArgumentHelp("Write it as a page for printing.", valueName: "file")) var html: String?

    func validate() throws {
      guard authority.consent == nil || audience == .authorized else {
        throw ValidationError("--consent is for --audience authorized")
      }
    }

    func run() async throws {
      try await platform.run(
        audience: audience, unit: authority.unit, consent: authority.consent, today: today
      ) { session, _ in
        let request = ReportRequest(
          subject: subject, kind: kind, template: try layout(), from: from, until: until, commit: asOf,
          isIssued: issue)
        let report = try session.report(request)
        if let html {
          try ApplicationFile.write(ReportPage(report).html, to: html)
          if !platform.output.json { Terminal.error("written to \(html)") }
        }
        try platform.show(report, ReportCommand.words(report))
      }
    }

    private func layout() throws -> ReportTemplate? {
      guard let template else { return nil }
      if let known = ReportTemplate.national.first(where: { $0.id == template }) { return known }
      return try ApplicationFile.values(template, as: ReportTemplate.self).first
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says whether a report was issued and still says what it said; exit 1 where not.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the report.") var number: String
    @Argument(help: "Verification code on it.") var code: String

    func run() async throws {
      try await platform.run { session, _ in
        let found = try session.verifyReport(number: number, code: code)
        try platform.show(
          found,
          found.isGenuine
            ? "issued \(found.issued ?? "-"), content \(found.isReproduced == true ? "the same" : "no longer the same")"
            : "no such report")
        if !found.isGenuine || found.isReproduced != true { throw CommandFailure() }
      }
    }
  }

  /// A report in words for a terminal.
  static func words(_ report: CreditReport) -> String {
    let content = report.content
    var lines = [
      content.title,
      "\(content.subject.name ?? "-")  \(content.subject.identifiers.joined(separator: " "))",
    ]
    if let number = report.number { lines.append("编号 \(number)  核验码 \(report.verificationCode ?? "")") }
    for section in content.sections {
      lines.append("\(section.number)、\(section.title)  \(section.records.count)")
      if let scope = section.scope { lines.append("    \(scope)") }
      for record in section.records.prefix(20) {
        let fields = record.fields.prefix(6).map { "\($0.name) \($0.value ?? content.absentText)" }
        lines.append(
          "    \(record.day?.description ?? "-") \(record.name)\(record.isDisputed ? "（异议处理中）" : "")\(record.isRepaired ?? false ? "（已修复）" : ""): \(fields.joined(separator: "; "))"
        )
      }
      if section.records.count > 20 {
        lines.append("    … \(section.records.count - 20) more; see --json or --html")
      }
    }
    return lines.joined(separator: "\n")
  }
}
