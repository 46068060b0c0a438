// Owns `credit review`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct ReviewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "review",
    abstract: "Reviews of lists of subjects that units ask the centre for (信用审查).",
    subcommands: [
      Request.self, Retract.self, Decide.self, List.self, Subjects.self, Result.self,
      Kinds.self,
    ])

  struct Request: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Asks for a review of the subjects of a file.",
      discussion: """
        The file has a subject a line: its identifier, and behind a comma its name, where it is known. A first line whose first cell has no digit is a header. \
        The centre decides; then `review result` gives the counts.
        """)
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the request, unique.") var number: String
    @Argument(help: "File with the subjects.") var file: String
    @Option(help: "What is reviewed, such as 2026 年度文明单位评选.") var title: String
    @Option(help: "What the result is used for.") var use: String
    @Option(help: "Code of a kind of information, as `review kinds` lists them; may be repeated.")
    var kind: [String]
    @Option(help: "First day of the events that count.") var from: Day?
    @Option(help: "Last day of the events that count; the day of the decision without it.") var until: Day?
    @Option(help: "Credit code of the unit that asks.") var unit: String
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(unit: unit, today: today) { session, platform in
        let subjects = try ReviewSubjectFile.subjects(file)
        let review = try session.requestReview(
          number,
          ReviewRequest(
            title: title, purpose: use, kinds: kind, from: from, until: until, subjects: subjects))
        try self.platform.show(review, "\(number) asks about \(review.subjectCount) subjects; it is pending")
      }
    }
  }

  struct Retract: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes a request back that is not decided about.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the request.") var number: String
    @Option(help: "Credit code of the unit that asked.") var unit: String
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(audience: .government, unit: unit, today: today) { session, _ in
        try platform.show(try session.retractReview(number), "\(number) is retracted")
      }
    }
  }

  struct Decide: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Passes a request, so that the unit gets the result, or refuses it.")
    enum Decision: String, CaseIterable, ExpressibleByArgument { case pass, refuse }

    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the request.") var number: String
    @Argument(help: "pass or refuse.") var decision: Decision
    @Option(help: "Why; needed to refuse.") var note: String?
    @Option(help: "Code of an entry shared on conditions that are met here; may be repeated.")
    var grant: [String] = []
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(today: today) { session, _ in
        let review = try session.decideReview(
          number, isPassed: decision == .pass, note: note, grantedEntries: grant)
        try platform.show(review, "\(number) is \(review.state.rawValue)")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists requests, those waiting longest first.")
    @OptionGroup var platform: PlatformOptions
    @Option(help: "pending, refused, passed or retracted; all without it.") var state: CreditReview.State?

    func run() async throws {
      try await platform.run { session, _ in
        try platform.show(
          try session.reviews(state), ["number", "state", "subjects", "unit", "asked on", "title", "use"]
        ) {
          [
            $0.id, $0.state.rawValue, String($0.subjectCount), $0.unit ?? "-",
            $0.steps.first?.day.description ?? "-", $0.title, $0.purpose,
          ]
        }
      }
    }
  }

  struct Subjects: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Who is to be reviewed, for whoever decides; numbers of people are masked.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the request.") var number: String

    func run() async throws {
      try await platform.run { session, _ in
        try platform.show(try session.reviewSubjects(number), ["", "name", "subject", "valid"]) {
          [String($0.number), $0.name ?? "-", $0.subject, $0.isValid ? "yes" : "no"]
        }
      }
    }
  }

  struct Result: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The result of a request that was passed: how many records of each kind a subject has.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Number of the request.") var number: String
    @Option(help: "Writes the sheet as a page to be printed.") var html: String?
    @Option(help: "Writes the sheet as CSV.") var csv: String?
    @Option(
      help:
        "Credit code of the unit that asked: the sheet as it gets it. Without it the centre's, with what changed since the decision."
    )
    var unit: String?
    @Option(help: "Day whose rules count; today without it.") var today: Day?

    func run() async throws {
      try await platform.run(audience: unit == nil ? .centre : .government, unit: unit, today: today) {
        session, _ in
        let sheet = try session.reviewSheet(number)
        if let html { try ApplicationFile.write(sheet.html, to: html) }
        if let csv { try ApplicationFile.write(sheet.csv, to: csv) }
        if platform.output.json { return Terminal.line(try JSON.encoding(sheet)) }
        Terminal.table(
          ["", "name", "subject"] + sheet.review.kinds.map(\.code) + ["remarks"],
          sheet.lines.map { line in
            [String(line.number), line.name ?? "-", line.subject] + line.counts.map { String($0.records) }
              + [remarks(line)]
          })
      }
    }

    private func remarks(_ line: ReviewSheet.Line) -> String {
      var remarks: [String] = []
      if !line.isValid { remarks.append("no valid number") }
      if !line.isFound { remarks.append("nothing found") }
      if line.isNameKnown == false { remarks.append("another name") }
      for count in line.counts where count.inForce < count.records {
        remarks.append("\(count.kind): \(count.inForce) in force")
      }
      // Kinds may have records in common.
      let disputed = line.counts.map(\.disputed).max() ?? 0
      if disputed > 0 { remarks.append("\(disputed) in dispute") }
      if line.isChanged ?? false { remarks.append("changed since the decision") }
      return remarks.isEmpty ? "-" : remarks.joined(separator: ", ")
    }
  }

  struct Kinds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The kinds of information that reviews count; `settings set reviewKinds` changes them.")
    @OptionGroup var platform: PlatformOptions

    func run() async throws {
      try await platform.run { session, _ in
        try platform.show(try session.settings().reviewKinds, ["code", "name"]) { [$0.code, $0.name] }
      }
    }
  }
}

extension CreditReview.State: @retroactive ExpressibleByArgument {}

/// Reading the list of subjects a unit hands in.
enum ReviewSubjectFile {
  /// Bytes of a file at most: ten thousand long lines.
  private static let maximumBytes = 32 << 20

  static func subjects(_ path: String) throws -> [CreditReview.Subject] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CreditError("unreadable", "the file cannot be read", file: path)
    }
    guard data.count <= maximumBytes else {
      throw CreditError("limit", "a list has at most \(maximumBytes >> 20) MiB", file: path)
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw CreditError("invalidFile", "the file is not UTF-8; save it as such", file: path)
    }
    var subjects: [CreditReview.Subject] = []
    var isFirst = true
    for (place, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      guard let raw = Self.cells(line) else {
        throw CreditError("invalidFile", "line \(place + 1) has a quote that is never closed", file: path)
      }
      let cells = raw.map { $0.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"])) }
      if cells.allSatisfy(\.isEmpty) { continue }
      let number = cells[0]
      // Every kind of identifier has digits; a header has none, 统一社会信用代码 with its 一 included.
      defer { isFirst = false }
      if isFirst, !number.contains(where: isDigit) { continue }
      guard !number.isEmpty else {
        throw CreditError("invalidFile", "line \(place + 1) has no identifier in its first cell", file: path)
      }
      subjects.append(.init(number, name: cells.count > 1 && !cells[1].isEmpty ? cells[1] : nil))
    }
    return subjects
  }

  private static func isDigit(_ character: Character) -> Bool {
    character.unicodeScalars.contains { ("0"..."9").contains($0) || ("０"..."９").contains($0) }
  }

  /// The cells of a line of CSV, or `nil` where a quote is never closed: a comma inside quotes is one of the cell, two quotes there are one.
  private static func cells(_ line: Substring) -> [String]? {
    var cells = [""]
    var isQuoted = false
    var rest = line[...]
    while let character = rest.popFirst() {
      switch character {
      case "\"" where isQuoted && rest.first == "\"":
        rest.removeFirst()
        cells[cells.count - 1].append(character)
      case "\"" where isQuoted: isQuoted = false
      case "\"" where cells[cells.count - 1].allSatisfy({ $0 == " " || $0 == "\u{FEFF}" }): isQuoted = true
      case "," where !isQuoted: cells.append("")
      default: cells[cells.count - 1].append(character)
      }
    }
    return isQuoted ? nil : cells
  }
}
