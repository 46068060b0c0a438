// Owns `credit subjects`: the identifiers of a subject, and linking them.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore

struct SubjectsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subjects", abstract: "Counts subjects; shows and links their identifiers.",
    subcommands: [
      CountCommand.self, ShowCommand.self, ProfileCommand.self, LinkCommand.self, UnlinkCommand.self,
      MatchCommand.self,
    ])

  /// An identifier under the kind asked for, or that its form suggests.
  static func identifier(_ text: String, _ kind: IdentifierKind?) -> Identifier {
    kind.map { Identifier(text, as: $0) } ?? Identifier(detecting: text, on: CreditDatabase.today())
  }

  /// The same; where the store knows nothing under the kind that the form suggests, the kind under which it does, as `records` finds it.
  static func identifier(
    _ text: String, _ kind: IdentifierKind?, in snapshot: CreditSnapshot
  ) throws -> Identifier {
    let asked = identifier(text, kind)
    guard kind == nil else { return asked }
    func isKnown(_ identifier: Identifier) throws -> Bool {
      try !snapshot.recordCounts(of: identifier, links: .ignored).isEmpty
        || !snapshot.links(of: identifier, includesUndone: true).isEmpty
    }
    if try isKnown(asked) { return asked }
    for other in IdentifierKind.allCases where other != asked.kind {
      let candidate = Identifier(text, as: other)
      if try isKnown(candidate) { return candidate }
    }
    return asked
  }

  struct CountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "count",
      abstract: "Counts the subjects of the libraries: legal persons, natural persons, others.")

    @OptionGroup var store: StoreArgument
    @Flag(help: "Count linked identifiers one by one.")
    var noLinks = false
    @OptionGroup var past: AsOfOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let counts = try past.snapshot(store.openForReading()).subjectCounts(
          links: noLinks ? .ignored : .followed)
        let kinds = SubjectKind.allCases.map { ($0.rawValue, JSON.int(counts[$0] ?? 0)) }
        output.show([("subjects", .int(counts.values.reduce(0, +)))] + kinds)
      }
    }
  }

  struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Lists the identifiers of a subject, their records and their links.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "One identifier of the subject.")
    var subject: String
    @Option(help: "Kind of the identifier, instead of detecting it.")
    var kind: IdentifierKind?
    @Flag(help: "Links that were undone too.")
    var undone = false
    @OptionGroup var past: AsOfOption
    @OptionGroup var masking: MaskingOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let presentation = try masking.presentation()
        let snapshot = try past.snapshot(store.openForReading())
        let asked = try SubjectsCommand.identifier(subject, kind, in: snapshot)
        for identifier in try snapshot.identifiers(of: asked) {
          let counts = try snapshot.recordCounts(of: identifier, links: .ignored)
          let links = try snapshot.links(of: identifier, includesUndone: undone)
          if output.json {
            Terminal.line(Self.json(identifier, counts, links, presentation).text)
          } else {
            let entries = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
              separator: ", ")
            Terminal.line("\(presentation.text(identifier.text))  \(identifier.kind.rawValue)  \(entries)")
            for link in links {
              Terminal.line(
                "  = \(presentation.text(link.other.text))  \(link.evidence.rawValue)  \(presentation.text(link.note ?? ""))"
                  + (link.until.map { "  undone in commit \($0)" } ?? ""))
            }
          }
        }
      }
    }

    private static func json(
      _ identifier: Identifier, _ counts: [String: Int], _ links: [SubjectLink],
      _ presentation: RecordPresentation
    ) -> JSON {
      .object([
        ("identifier", .string(presentation.text(identifier.text))),
        ("kind", .string(identifier.kind.rawValue)),
        ("entries", .object(counts.sorted { $0.key < $1.key }.map { ($0.key, JSON.int($0.value)) })),
        (
          "links",
          .array(
            links.map { link in
              .object([
                ("other", .string(presentation.text(link.other.text))),
                ("kind", .string(link.other.kind.rawValue)),
                ("evidence", .string(link.evidence.rawValue)),
                ("note", link.note.map { .string(presentation.text($0)) } ?? .null),
                ("since", link.since.map { .string($0.description) } ?? .null), ("by", .string(link.author)),
                ("commit", .unsigned(link.commit)), ("until", link.until.map { .unsigned($0) } ?? .null),
              ])
            })
        ),
      ])
    }
  }

  struct ProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "profile",
      abstract:
        "What is known of a subject: identifiers, names and former names with their days, kind, state.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "One identifier of the subject.")
    var subject: String
    @Option(help: "Kind of the identifier, instead of detecting it.")
    var kind: IdentifierKind?
    @OptionGroup var past: AsOfOption
    @OptionGroup var masking: MaskingOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let presentation = try masking.presentation()
        let snapshot = try past.snapshot(store.openForReading())
        let profile = try snapshot.profile(of: SubjectsCommand.identifier(subject, kind, in: snapshot))
        if output.json { return Terminal.line(Self.json(profile, presentation).text) }
        let division = profile.division.map { "  \($0)" } ?? ""
        Terminal.line("\(presentation.text(profile.subject.text))  \(profile.kind.rawValue)\(division)")
        for other in profile.identifiers.dropFirst() {
          Terminal.line("  = \(presentation.text(other.text))  \(other.kind.rawValue)")
        }
        Terminal.table(
          ["name", "from", "until", "former", "entries"],
          profile.names.map {
            [
              presentation.text($0.name), $0.first.description, $0.last.description, $0.isFormer ? "yes" : "",
              $0.entries.joined(separator: " "),
            ]
          })
        if !profile.states.isEmpty {
          Terminal.table(
            ["state", "day", "entry"],
            profile.states.map { [presentation.text($0.state), $0.day.description, $0.entry] })
        }
        let records = profile.records.sorted { $0.key < $1.key }
        Terminal.table(["entry", "records"], records.map { [$0.key, String($0.value)] })
      }
    }

    private static func json(_ profile: SubjectProfile, _ presentation: RecordPresentation) -> JSON {
      .object([
        ("subject", .string(presentation.text(profile.subject.text))),
        ("kind", .string(profile.kind.rawValue)),
        ("division", profile.division.map { .string(String($0)) } ?? .null),
        (
          "identifiers",
          .array(
            profile.identifiers.map {
              .object([
                ("identifier", .string(presentation.text($0.text))), ("kind", .string($0.kind.rawValue)),
              ])
            })
        ),
        (
          "names",
          .array(
            profile.names.map {
              .object([
                ("name", .string(presentation.text($0.name))), ("first", .string($0.first.description)),
                ("last", .string($0.last.description)), ("former", .bool($0.isFormer)),
                ("entries", .array($0.entries.map(JSON.string))),
              ])
            })
        ),
        (
          "states",
          .array(
            profile.states.map {
              .object([
                ("state", .string(presentation.text($0.state))), ("entry", .string($0.entry)),
                ("day", .string($0.day.description)),
              ])
            })
        ),
        ("records", .object(profile.records.sorted { $0.key < $1.key }.map { ($0.key, JSON.int($0.value)) })),
      ])
    }
  }

  /// Two identifiers that are, or are not, one subject's.
  struct PairArguments: ParsableArguments {
    @Argument(help: "One identifier.")
    var first: String
    @Argument(help: "The other one.")
    var second: String
    @Option(help: "Kind of the first, instead of detecting it.")
    var firstKind: IdentifierKind?
    @Option(help: "Kind of the second, instead of detecting it.")
    var secondKind: IdentifierKind?

    var identifiers: (Identifier, Identifier) {
      (SubjectsCommand.identifier(first, firstKind), SubjectsCommand.identifier(second, secondKind))
    }
  }

  struct LinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "link", abstract: "Says that two identifiers are one subject's.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var pair: PairArguments
    @Option(help: "Why: registrationChange, manual, organizationCode, upgradedIdentityNumber, sameRow.")
    var evidence: LinkEvidence = .manual
    @Option(help: "More about it; names nobody.")
    var note: String?
    @Option(help: "The first day on which the subject had the second.")
    var since: String?
    @Option(help: "Who says so.")
    var by: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let day = try since.map { text in
          guard let day = Day(text) else { throw ValidationError("--since must be a day such as 2021-01-31") }
          return day
        }
        let database = try waiting.open(store)
        try database.link(
          pair.identifiers.0, pair.identifiers.1, evidence: evidence, note: note, since: day, by: by)
        let commit = database.snapshot().commit
        try database.close()
        output.show([("commit", .unsigned(commit))])
      }
    }
  }

  struct UnlinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unlink", abstract: "Takes back that two identifiers are one subject's.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var pair: PairArguments
    @Option(help: "Why; names nobody.")
    var reason: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        let commit = try database.unlink(pair.identifiers.0, pair.identifiers.1, reason: reason)
        try database.close()
        output.show([("commit", .unsigned(commit))])
      }
    }
  }

  struct MatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "match",
      abstract: "Links identifiers that are one subject's by what the numbers and the rows say.")

    @OptionGroup var store: StoreArgument
    @OptionGroup var masking: MaskingOptions
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let presentation = try masking.presentation()
        let database = try waiting.open(store)
        let bar = ProgressBar("match")
        let result = try await database.matchSubjects { bar.show($0, "") }
        bar.finish()
        try database.close()
        let conflicts = result.conflicts.map { conflict in
          (
            presentation.text(conflict.identifier.text), conflict.subjects.map { presentation.text($0.text) }
          )
        }
        if output.json {
          Terminal.line(
            JSON.object([
              ("examined", .int(result.examined)),
              (
                "linked",
                .object(result.linked.sorted { $0.key < $1.key }.map { ($0.key, JSON.int($0.value)) })
              ),
              (
                "conflicts",
                .array(
                  conflicts.map {
                    .object([("identifier", .string($0.0)), ("subjects", .array($0.1.map(JSON.string)))])
                  })
              ),
              (
                "candidates",
                .array(
                  result.candidates.map {
                    .object([
                      ("identifier", .string(presentation.text($0.identifier.text))),
                      ("name", .string(presentation.text($0.name))),
                      ("subjects", .array($0.subjects.map { .string(presentation.text($0.text)) })),
                    ])
                  })
              ),
            ]).text)
          return
        }
        Terminal.line("examined \(result.examined)")
        for (evidence, count) in result.linked.sorted(by: { $0.key < $1.key }) {
          Terminal.line("linked \(count) by \(evidence)")
        }
        for (identifier, subjects) in conflicts {
          Terminal.line("not linked: \(identifier) could be \(subjects.joined(separator: ", "))")
        }
        for candidate in result.candidates {
          let subjects = candidate.subjects.map { presentation.text($0.text) }.joined(separator: ", ")
          Terminal.line(
            "the same name, to be decided with 'subjects link': \(presentation.text(candidate.identifier.text)) "
              + "\(presentation.text(candidate.name)) and \(subjects)")
        }
      }
    }
  }
}

extension LinkEvidence: @retroactive ExpressibleByArgument {}
