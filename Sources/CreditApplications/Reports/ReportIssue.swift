// Owns issuing reports: their numbers, what is kept of them, and proving later that one was issued and says what it said.
// Invariants: a report with a number can be made again from what is kept, as long as the store has the commit; a report about a person needs the person's
// own request, its consent, or the centre.

public import CreditModel
import CreditStore

/// What is kept of a report.
struct IssuedReport: Codable, Equatable {
  var number: String
  var template: ReportTemplate
  var subject: Identifier
  var from: Day?
  var until: Day
  var commit: UInt64
  var day: Day
  var instant: Int64
  var account: String?
  var purpose: String
  var caseNumber: String?
  /// The rights it was made under.
  var roles: [AccessRole]
  var ownUnits: [String]
  var subordinateUnits: [String]
  /// The consent as it was then.
  var consent: Consent?
  /// The commit of the settings it was made under.
  var settings: UInt64
  var contentHash: String
}

/// What verifying a report found (报告核验).
public struct ReportVerification: Codable, Sendable, Equatable {
  /// Whether such a report was issued and the code is its.
  public var isGenuine: Bool
  /// Whether it was made again and says the same; `nil` where it is not genuine.
  public var isReproduced: Bool?
  /// SHA-256 of its content.
  public var contentHash: String?
  /// When it was issued, in Asia/Shanghai.
  public var issued: String?
  /// The commit it was made at.
  public var commit: UInt64?
}

/// What a report is asked for (报告申请).
public struct ReportRequest: Sendable {
  /// An identifier of the subject.
  public var subject: String
  /// Its kind; `nil` = by its form.
  public var kind: IdentifierKind?
  /// The layout; `nil` = that of 2022 for the kind of subject.
  public var template: ReportTemplate?
  /// The first day of the period.
  public var from: Day?
  /// The last day of the period; `nil` = today.
  public var until: Day?
  /// The commit of the store; `nil` = the last one. Earlier ones only for the subject itself and the centre.
  public var commit: UInt64?
  /// Whether it gets a number and can be verified.
  public var isIssued: Bool
  /// The application it is issued for; set by `issueReport(ofApplication:)`.
  var application: String?

  /// Makes a request.
  public init(
    subject: String, kind: IdentifierKind? = nil, template: ReportTemplate? = nil, from: Day? = nil,
    until: Day? = nil, commit: UInt64? = nil, isIssued: Bool = false
  ) {
    self.subject = subject
    self.kind = kind
    self.template = template
    self.from = from
    self.until = until
    self.commit = commit
    self.isIssued = isIssued
  }
}

extension AccessSession {
  /// Makes a credit report (出具信用报告).
  ///
  /// ```swift
  /// let report = try session.report(ReportRequest(subject: "91130302MA0000015N", isIssued: true))
  /// try Data(ReportPage(report).html.utf8).write(to: file)
  /// ```
  /// - Parameter request: about whom, in which layout, of which time.
  /// - Throws: `AccessRefusal` with rule `authorityMissing` for a person without its own request or consent; `CreditError`: `wrongTemplate` for a layout
  ///   of the other kind of subject, `invalidPeriod`, `invalidIdentifier` for one that is to be issued about a number that is wrong and stands in no record.
  public func report(_ request: ReportRequest) throws -> CreditReport {
    let subject = identifier(request.subject, kind: request.kind)
    return try perform(.report, about: [subject], asOf: request.commit) { all, facts in
      let until = request.until ?? all.today
      guard request.from ?? .minimum <= until, until <= all.today else {
        throw CreditError(
          "invalidPeriod", "a report is about days up to today, the first not behind the last")
      }
      var reading = try all.reporting(on: subject, asOf: request.commit, for: caller)
      if request.application != nil { reading = reading.forTheSubject() }
      let isPerson = subject.subjectKind == .naturalPerson
      let template = request.template ?? (isPerson ? .person2022 : .body2022)
      try template.check(subject)
      let making = ReportMaking(
        reading: reading, template: template, subject: subject, from: request.from, until: until)
      let content = try making.content()
      if request.isIssued { try making.checkCanBeIssued(content) }
      let hash = content.hash()
      facts.note(content)
      let instant = platform.options.now()
      var report = CreditReport(
        content: content, issued: ReportClock.text(instant), issuer: platform.options.issuer,
        purpose: caller.purpose, contentHash: hash)
      if request.isIssued {
        try issue(&report, making, instant, for: request.application.map { ($0, all) })
      }
      return report
    }
  }

  /// - Parameter application: the application it is issued for, and the reading of whoever has to do with it.
  private func issue(
    _ report: inout CreditReport, _ making: ReportMaking, _ instant: Int64,
    for application: (id: String, reading: AccessReading)?
  ) throws {
    let suffix = (0..<8).map { _ in "0123456789ABCDEFGHJKLMNPQRTUWXY".randomElement() ?? "0" }
    let number = ReportClock.digits(instant) + String(suffix)
    let reading = making.reading
    let issued = IssuedReport(
      number: number, template: making.template, subject: making.subject, from: making.from,
      until: making.until, commit: reading.snapshot.commit, day: reading.today, instant: instant,
      account: caller.account ?? keeper, purpose: caller.purpose, caseNumber: caller.caseNumber,
      roles: reading.roles, ownUnits: reading.grant.ownUnits.sorted(),
      subordinateUnits: reading.grant.subordinateUnits.sorted(), consent: reading.consent,
      settings: max(reading.configuration.revision, 1),
      contentHash: report.contentHash)
    try platform.database.changeRefusably("report") { snapshot, changes in
      try changes.put(DocumentKind.report, number, issued, subjects: [making.subject])
      guard let (id, all) = application else { return }
      var application = try self.application(id, all.at(snapshot))
      guard application.state == .passed else {
        throw AccessRefusal(.wrongState, "the application is \(application.state.rawValue)")
      }
      application.state = .issued
      application.reportNumber = number
      application.steps.append(step("issued", reading, nil))
      try changes.put(DocumentKind.reportApplication, id, application)
    }
    report.number = number
    report.verificationCode = platform.log.code(of: number + report.contentHash)
  }

  /// Finds out whether a report was issued and still says what it said (报告核验). Anybody who holds it may ask.
  ///
  /// - Parameters:
  ///   - number: the number on it.
  ///   - code: the verification code on it.
  /// - Throws: `CreditError`.
  public func verifyReport(number: String, code: String) throws -> ReportVerification {
    let snapshot = platform.database.snapshot()
    guard let issued = try snapshot.document(DocumentKind.report, number)?.decoded(as: IssuedReport.self),
      platform.log.code(of: number + issued.contentHash) == code
    else {
      try note(.report, outcome: "unknownReport")
      return ReportVerification(isGenuine: false)
    }
    try note(.report, about: [issued.subject], outcome: CreditPlatform.allowed)
    return ReportVerification(
      isGenuine: true, isReproduced: try content(of: issued).hash() == issued.contentHash,
      contentHash: issued.contentHash,
      issued: ReportClock.text(issued.instant), commit: issued.commit)
  }

  /// What a report says that was issued, made again from what is kept.
  private func content(of issued: IssuedReport) throws -> CreditReport.Content {
    let then = platform.database.snapshot(asOf: issued.commit)
    let grant = AccessGrant(
      account: issued.account, ownUnits: Set(issued.ownUnits), subordinateUnits: Set(issued.subordinateUnits),
      roles: issued.roles)
    // A report says again what it said when it was issued, as it was masked then.
    let reading = AccessReading(
      session: self, snapshot: then, present: then, grant: grant, roles: issued.roles,
      configuration: try PlatformConfiguration.read(
        platform.database.snapshot(asOf: issued.settings), known: nil), day: issued.day,
      consent: issued.consent)
    return try ReportMaking(
      reading: reading, template: issued.template, subject: issued.subject, from: issued.from,
      until: issued.until
    ).content()
  }

  /// A report that was issued, once more: whoever did not get hold of it asks again.
  ///
  /// - Throws: `CreditError`, code `notReproduced`, where the store does not say any more what the report said, as after a purge.
  func reissued(_ number: String, of subject: Identifier) throws -> CreditReport {
    try perform(.report, about: [subject]) { reading, facts in
      _ = try reading.reporting(on: subject, asOf: nil, for: caller)
      guard
        let issued = try reading.snapshot.document(DocumentKind.report, number)?
          .decoded(as: IssuedReport.self)
      else { throw CreditError("notReproduced", "nothing is kept of the report \(number)") }
      let content = try content(of: issued)
      guard content.hash() == issued.contentHash else {
        throw CreditError("notReproduced", "the store does not say any more what the report \(number) said")
      }
      facts.note(content)
      var report = CreditReport(
        content: content, issued: ReportClock.text(issued.instant), issuer: platform.options.issuer,
        purpose: issued.purpose, contentHash: issued.contentHash)
      report.number = number
      report.verificationCode = platform.log.code(of: number + issued.contentHash)
      return report
    }
  }
}

extension AccessSession.Facts {
  /// What a report shows.
  fileprivate mutating func note(_ content: CreditReport.Content) {
    for section in content.sections {
      rows += section.records.count
      entries.formUnion(section.records.map(\.entry))
    }
  }
}

extension ReportTemplate {
  /// Refuses a subject of the other kind. Of a number whose kind does not show either may be meant.
  func check(_ subject: Identifier) throws(CreditError) {
    let isPerson = subject.subjectKind == .naturalPerson
    if let isForPersons, isForPersons != isPerson, subject.subjectKind != .unknown {
      throw CreditError("wrongTemplate", "layout \(id) is for \(isForPersons ? "persons" : "bodies")")
    }
  }
}

extension AccessReading {
  /// The reading of a report that goes out of the house: what the centre sees beyond the subject's own eyes, such as repaired records and whose company one is,
  /// stays there.
  fileprivate func forTheSubject() -> AccessReading {
    var reading = self
    for place in reading.roles.indices where reading.roles[place].audience == .centre {
      (reading.roles[place].audience, reading.roles[place].isUnmasked) = (.subject, nil)
    }
    return reading
  }

  /// The reading with those roles alone under which the caller may have a report about a subject.
  ///
  /// A number that might be a person's is taken for one.
  func reporting(
    on subject: Identifier, asOf commit: UInt64?, for caller: Caller
  ) throws(AccessRefusal) -> AccessReading {
    var reading = self
    if subject.isOfPerson {
      reading = try reading.limited(
        to: { role in
          switch role.audience {
          case .everybody, .government: false
          case .authorized: consent != nil
          // The request of the person is a case of the desk.
          case .subject: caller.account == nil || !(caller.caseNumber ?? "").allSatisfy(\.isWhitespace)
          case .centre: true
          }
        },
        or: AccessRefusal(
          .authorityMissing,
          "a report about a person is made on its own request, with the number of the case, or with its consent"
        ))
    }
    if commit != nil {
      reading = try reading.limited(
        to: { $0.audience == .centre || $0.audience == .subject },
        or: AccessRefusal(
          .actionNotGranted, "reports of the past are made for the subject itself and by the centre"))
    }
    return reading
  }
}

/// Times as they are printed, in Asia/Shanghai.
enum ReportClock {
  /// `2026-05-04 19:02:57`.
  static func text(_ instant: Int64) -> String {
    let (day, time) = parts(instant)
    return "\(day) \(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))"
  }

  /// `20260504190257`.
  static func digits(_ instant: Int64) -> String { text(instant).filter(\.isNumber) }

  private static func parts(_ instant: Int64) -> (Day, Int64) {
    let seconds = (instant + 8 * 3_600_000) / 1000
    let day = Day(millisecondsSinceEpoch: instant)
    return (day, seconds - Int64(day.daysSinceEpoch) * 86_400)
  }

  private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : String(number) }
}
