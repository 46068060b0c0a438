// Owns the targets for what the applications read: files of the access log, documents and settings as JSON, what other platforms send.

import CreditApplications
import CreditModel
import CreditStore
import Foundation

enum ApplicationTargets {
  private static let today = Day(daysSinceEpoch: 20_000) ?? .epoch
  private static let store = "00000000-0000-0000-0000-000000000000"
  private static let key = [UInt8](repeating: 7, count: 32)
  private static let file = "1.jsonl"

  /// A log file is read, or refused by name; what is read makes the same bytes again.
  static let log: FuzzTarget = { bytes in
    guard let head = try? LogChain.head(store: store, file: file, key: key) else { return }
    attempt { use(try LogChain.read(bytes, file: file, store: store, key: key)) }
    // Lines with a head that is right, and the first with a hash that is.
    attempt { use(try LogChain.read(head.line + bytes, file: file, store: store, key: key)) }
    guard let entry = try? JSONDecoder().decode(AccessLogEntry.self, from: Data(bytes)),
      let line = try? LogChain.line(entry, after: head.hash, key: key)
    else { return }
    let content = try? LogChain.read(head.line + line.line, file: file, store: store, key: key)
    // The number of a line is its place.
    precondition((content != nil) == (entry.sequence == 1))
    if let content { precondition(content.hash == line.hash && content.entries == [entry]) }
  }

  private static func decoded<Value: Codable & Equatable>(_ bytes: [UInt8], as type: Value.Type) -> Value? {
    guard let value = try? JSONDecoder().decode(type, from: Data(bytes)) else { return nil }
    // What is taken comes back from its own JSON.
    if let again = try? JSONEncoder().encode(value) {
      precondition((try? JSONDecoder().decode(type, from: again)) == value, "\(type)")
    }
    return value
  }

  /// What the applications keep, and what is entered from files.
  static let document: FuzzTarget = { bytes in
    use(decoded(bytes, as: AccessRole.self)?.problem)
    use(decoded(bytes, as: Consent.self)?.problem)
    use(decoded(bytes, as: IndicatorModel.self)?.problem)
    use(decoded(bytes, as: CommitmentLetter.self))
    use(decoded(bytes, as: Commitment.self))
    use(decoded(bytes, as: RepairApplication.self))
    use(decoded(bytes, as: Objection.self))
    use(decoded(bytes, as: Memorandum.self))
    use(decoded(bytes, as: Measure.self))
    use(decoded(bytes, as: WatchList.self))
    use(decoded(bytes, as: ReportTemplate.self))
    use(decoded(bytes, as: PublicationMapping.self))
    use(PersonalNumbers.masked(String(decoding: bytes, as: UTF8.self), on: today))
  }

  /// Rules and calendars that somebody enters: any day has an answer or an error.
  static let rules: FuzzTarget = { bytes in
    if let rules = decoded(bytes, as: PublicationRules.self) {
      for day in [Day.minimum, today, .maximum] {
        attempt { use(try rules.regime(on: day)) }
        for breach in [BreachClass.minor, .general, .serious] {
          attempt {
            use(
              try rules.publication(
                of: PublicationFacts(decisionDay: today, categories: ["罚款"], breachClass: breach), on: day))
          }
        }
      }
    }
    if let calendar = decoded(bytes, as: WorkingCalendar.self) {
      for day in [Day.minimum, today, .maximum] {
        for count in [-1, 0, 1, 7, Int.max] { attempt { use(try calendar.workingDay(count, after: day)) } }
        attempt { use(try calendar.workingDays(after: today, through: day)) }
      }
    }
  }

  /// Files to begin with: what the library itself writes.
  static func writeSeeds(of target: String, to folder: String) throws {
    func write(_ name: String, _ value: some Encodable) throws {
      try JSONEncoder().encode(value).write(to: URL(fileURLWithPath: folder + "/" + name))
    }
    let subject = Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode)
    let material = CaseMaterial(of: "x".utf8, title: "承诺书")
    switch target {
    case "rules":
      try write("rules", PublicationRules.national)
      try write("calendar", WorkingCalendar.national)
    case "document":
      try write(
        "role",
        AccessRole(
          id: "a", name: "窗口", audience: .government, actions: [.query], scope: .all, entries: ["XZCF"]))
      try write(
        "consent",
        Consent(
          id: "c", subject: subject, grantee: "11130300000000019B", entries: ["XZCF"], purpose: "贷款",
          grantedOn: today, validUntil: today, channel: .online, evidence: material.sha256))
      try write(
        "letter",
        CommitmentLetter(
          id: "1", subject: subject, name: "某公司", kind: .approval, matter: "甲", content: "乙", liability: "丙",
          document: material))
    case "exchange":
      try write(
        "route", ExchangeRoute(code: "up", receiver: "省", purpose: .upward, entries: ["XZCF"]))
      try write(
        "receipt",
        ExchangeReceipt(route: "up", package: 1, others: .accepted, lines: [.init(id: "1", state: .rejected)])
      )
      try write(
        "message",
        ExchangeMessage(
          operation: .put, entry: "XZCF", subject: .init(kind: subject.kind, text: subject.text), key: "k",
          version: 1, state: "loaded", unit: nil, values: ["A": "b"]))
    case "log":
      let entry = #"""
        {"sequence":1,"instant":0,"account":"a","roles":["r"],"portal":"counter","action":"query","purpose":"p","subjects":["00"],"entries":["XZCF"],"rows":1,"outcome":"allowed"}
        """#
      try Data(entry.utf8).write(to: URL(fileURLWithPath: folder + "/entry"))
    default: break
    }
  }

  /// What another platform sends.
  static let exchange: FuzzTarget = { bytes in
    use(decoded(bytes, as: ExchangeRoute.self)?.problem)
    use(decoded(bytes, as: ExchangeReceipt.self)?.problem)
    use(decoded(bytes, as: ExchangeManifest.self))
    use(decoded(bytes, as: ExchangeMessage.self))
  }
}
