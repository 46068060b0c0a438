// Owns `credit purge`.

import ArgumentParser
import Console
import CreditModel
import CreditStore
import SegmentStore

struct PurgeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge",
    abstract: "Takes data out of a store for good, also out of the past, and prints a certificate (清除).",
    discussion: """
      A subject with everything about it:   --subject S
      One record with all its versions:     --subject S --entry CODE --key K
      Records whose time is over:           --entry CODE --before DATE
      """)

  @OptionGroup var store: StoreArgument
  @Option(help: "Identifier of the subject.")
  var subject: String?
  @Option(help: "Kind of the identifier; without it every kind is looked for.")
  var kind: IdentifierKind?
  @Option(help: "Code of the catalogue entry.")
  var entry: String?
  @Option(help: "Key of the record, as `credit records --json` prints it.")
  var key: String?
  @Option(help: "Records with an event date before this day.")
  var before: String?
  @Option(help: "Why, kept in the store; must not name the subject.")
  var reason: String?
  @Flag(help: "Only say what would be purged.")
  var dryRun = false
  @OptionGroup var memory: MemoryOption
  @OptionGroup var waiting: WaitOption
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard dryRun || reason != nil else { throw ValidationError("a purge needs --reason TEXT") }
    switch (subject, entry, key, before) {
    case (_?, nil, nil, nil), (_?, _?, _?, nil), (nil, _?, nil, _?): break
    default:
      throw ValidationError(
        "give --subject S, or --subject S --entry CODE --key K, or --entry CODE --before DATE")
    }
    if let before, Day(before) == nil { throw ValidationError("'\(before)' is not a date") }
  }

  func run() async throws {
    try await output.reporting {
      if dryRun {
        let figures = try await store.openForReading(memory: memory).previewPurge(
          try scope(in: store.openForReading()))
        return show(figures)
      }
      let bar = ProgressBar("purge")
      let database = try waiting.open(store, memory: memory)
      let certificate = try await database.purge(try scope(in: database), reason: reason ?? "") {
        bar.show($0, "")
      }
      bar.finish()
      try database.close()
      show(certificate)
    }
  }

  private func scope(in database: CreditDatabase) throws -> PurgeScope {
    if let entry, let before, let day = Day(before) { return .expired(entry: entry, before: day) }
    guard let subject else { throw ValidationError("a subject is missing") }
    guard let entry, let key else { return .subject(subject, kind: kind) }
    if let kind { return .record(entry: entry, subject: Identifier(subject, as: kind), key: key) }
    let records = try database.snapshot().records(of: subject, entry: entry, versions: .history)
    let found = records.first?.subject ?? Identifier(detecting: subject, on: CreditDatabase.today())
    return .record(entry: entry, subject: found, key: key)
  }

  // MARK: Output

  private func show(_ figures: PurgeFigures) {
    if output.json { return Terminal.line(JSON.object(members(figures)).text) }
    for entry in figures.entries {
      Terminal.line("\(entry.entry): \(entry.records) records, \(entry.versions) versions")
    }
    Terminal.line("\(figures.setAside) rows set aside, \(figures.batches) notes of batches")
    for entry in figures.mentions {
      Terminal.line("\(entry.entry): \(entry.versions) rows of other subjects name it and stay")
    }
  }

  private func show(_ certificate: PurgeCertificate) {
    if output.json {
      let head: [(String, JSON)] = [
        ("store", .string(certificate.store)), ("commit", .unsigned(certificate.commit)),
        ("instant", .string(certificate.instant)), ("scope", .string(certificate.scope)),
        ("reason", .string(certificate.reason)),
      ]
      let tail: [(String, JSON)] = [
        ("segmentsRewritten", .int(certificate.segmentsRewritten)),
        ("rowsSearched", .int(certificate.rowsSearched)), ("files", .int(certificate.files)),
        (
          "backups",
          .array(
            certificate.backups.map {
              .object([("path", .string($0.path)), ("commit", .unsigned($0.commit))])
            })
        ),
      ]
      let renewed =
        certificate.renewedRoutes.map { [("renewedRoutes", JSON.array($0.map(JSON.string)))] } ?? []
      return Terminal.line(JSON.object(head + members(certificate.figures) + tail + renewed).text)
    }
    Terminal.line("purged in commit \(certificate.commit), \(certificate.instant): \(certificate.scope)")
    show(certificate.figures)
    Terminal.line(
      "\(certificate.segmentsRewritten) segments written anew, \(certificate.rowsSearched) rows searched afterwards"
    )
    for route in certificate.renewedRoutes ?? [] {
      Terminal.line("route \(route) begins anew: its next packages take back what its receiver still has")
    }
    for backup in certificate.backups {
      Terminal.line(
        "still in the backup \(backup.path) of commit \(backup.commit): bring it up to date or delete it")
    }
  }

  private func members(_ figures: PurgeFigures) -> [(String, JSON)] {
    func list(_ entries: [PurgeFigures.Entry]) -> JSON {
      .array(
        entries.map {
          .object([
            ("entry", .string($0.entry)), ("records", .int($0.records)), ("versions", .int($0.versions)),
          ])
        })
    }
    return [
      ("records", .int(figures.records)), ("versions", .int(figures.versions)),
      ("entries", list(figures.entries)), ("setAside", .int(figures.setAside)),
      ("rawRows", .int(figures.rawRows)), ("batches", .int(figures.batches)),
      ("mentions", list(figures.mentions)),
    ]
  }
}
