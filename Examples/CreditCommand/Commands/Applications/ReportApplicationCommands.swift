// Owns the sub-commands of `credit report` for applications: handing in, deciding, issuing.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

extension ReportApplication.Kind: @retroactive ExpressibleByArgument {}
extension ReportApplication.State: @retroactive ExpressibleByArgument {}

extension ReportCommand {
  struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Hands in an application for a report (信用报告申请).")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the case, unique.") var number: String
    @Option(help: "Identifier of the subject.") var subject: String
    @Option(help: "Kind of the identifier, instead of detecting it.") var kind: IdentifierKind?
    @Option(help: "own, or entrusted with a letter of authority.") var inName: ReportApplication.Kind = .own
    @Option(help: "Name of whoever hands it in.") var applicant: String
    @Option(help: "Number of the applicant's identity document.") var applicantNumber: String?
    @Option(help: "Telephone number of the applicant.") var phone: String?
    @Option(help: "What the report is used for.") var use: String
    @Option(help: "Layout: body2022, person2022, body2021, person2021 or noViolation.") var template: String?
    @Option(help: "First day of the period.") var from: Day?
    @Option(help: "Last day of the period; the day of issue without it.") var until: Day?
    @Option(help: "File that is handed in, such as the letter of authority; may be repeated.")
    var material: [String] = []
    @Option(help: "Credit code of the unit that takes it in.") var unit: String?
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(unit: unit, today: today) { session, _ in
        let day = today ?? CreditDatabase.today()
        let application = try session.applyForReport(
          ReportApplication(
            id: number,
            subject: kind.map { Identifier(subject, as: $0) } ?? Identifier(detecting: subject, on: day),
            kind: inName, applicant: .init(name: applicant, number: applicantNumber, phone: phone),
            purpose: use, template: template, from: from, until: until,
            materials: try material.map(ApplicationFile.material)))
        try platform.show(application, "\(number) is handed in; the centre decides")
      }
    }
  }

  struct Decide: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Passes an application for a report, refuses it, or gives it back for more material.")
    enum Decision: String, CaseIterable, ExpressibleByArgument { case pass, refuse, `return` }

    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the case.") var number: String
    @Argument(help: "pass, refuse or return.") var decision: Decision
    @Option(help: "Why; needed to refuse and to return.") var note: String = ""
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let next: ReportApplicationStep =
          switch decision {
          case .pass: .pass(note.isEmpty ? nil : note)
          case .refuse: .refuse(note)
          case .return: .giveBack(note)
          }
        let application = try session.takeStep(ofReportApplication: number, next)
        try platform.show(application, "\(number) is \(application.state.rawValue)")
      }
    }
  }

  struct Supplement: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Hands in more material for an application that was given back.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the case.") var number: String
    @Option(help: "File that is handed in; may be repeated.") var material: [String]
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let application = try session.takeStep(
          ofReportApplication: number, .supplement(try material.map(ApplicationFile.material)))
        try platform.show(application, "\(number) is \(application.state.rawValue)")
      }
    }
  }

  struct Issue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Issues the report of an application that was passed; later the same report again.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the case.") var number: String
    @Option(help: ArgumentHelp("Write it as a page for printing.", valueName: "file")) var html: String?
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let report = try session.issueReport(ofApplication: number)
        if let html {
          try ApplicationFile.write(ReportPage(report).html, to: html)
          if !platform.output.json { Terminal.error("written to \(html)") }
        }
        try platform.show(report, ReportCommand.words(report))
      }
    }
  }

  struct Applications: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists applications for reports, those waiting longest first.")
    @OptionGroup var platform: PlatformOptions
    @Option(help: "pending, returned, refused, passed or issued; all without it.")
    var state: ReportApplication.State?

    func run() async throws {
      try await platform.run { session, _ in
        try platform.show(
          try session.reportApplications(state), ["number", "state", "subject", "applicant", "use", "report"]
        ) {
          [
            $0.id, $0.state.rawValue, $0.subject.text, $0.applicant.name, $0.purpose, $0.reportNumber ?? "-",
          ]
        }
      }
    }
  }
}
