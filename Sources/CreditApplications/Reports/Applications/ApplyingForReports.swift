// Owns handing in applications for reports, deciding about them, and issuing the report of one that was passed.
// Invariants: the centre decides; an application is seen by the centre, by whoever handed it in, and by the subject itself, and to others is not there. What
// the report shows is what its maker's rights show, not what the decision says.

import CreditModel
import CreditStore

extension AccessSession {
  /// Hands in an application for a report (信用报告申请受理).
  ///
  /// ```swift
  /// try session.applyForReport(
  ///   ReportApplication(
  ///     id: "BG2026-0031", subject: Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode), kind: .own,
  ///     applicant: .init(name: "王某"), purpose: "招投标"))
  /// ```
  /// - Parameter application: a new one; its state and steps are set here.
  /// - Returns: the application, with the numbers of the applicant masked.
  /// - Throws: `AccessRefusal`: `authorityMissing` for one about a person that neither the person nor somebody entrusted hands in, and for who is
  ///   entrusted and gives no number; `CreditError`:
  ///   `invalidApplication`, also where a text holds somebody's number, `invalidIdentifier` for a number that is wrong and stands in no record,
  ///   `unknownUnit`, `unknownTemplate`, `wrongTemplate`, `invalidPeriod`, `materialMissing` for an
  ///   entrusted one without a letter, `alreadyExists`.
  @discardableResult
  public func applyForReport(_ application: ReportApplication) throws -> ReportApplication {
    var new = application
    new.subject = Identifier(application.subject.text, as: application.subject.kind)
    return try perform(.apply, about: [new.subject]) { reading, facts in
      try check(new, on: reading.today)
      try checkAuthority(of: new, reading)
      // Nobody of that age asks for itself: a guardian is entrusted, and shows that it is one.
      let isMinor = new.subject.isYounger(than: Self.guardedAge, on: reading.today) ?? false
      guard new.kind == .entrusted || !isMinor else {
        throw AccessRefusal(
          .guardianMissing, "nobody under fourteen applies; a guardian does, as somebody who is entrusted")
      }
      try reading.checkSubject(of: new)
      new.state = .pending
      new.reportNumber = nil
      new.steps = [step("submitted", reading, nil)]
      let (id, handedIn) = (new.id, new)
      _ = try platform.database.change("reportApplication") { snapshot, changes in
        guard try snapshot.document(DocumentKind.reportApplication, id) == nil else {
          throw CreditError("alreadyExists", "there is an application \(id) already")
        }
        // A purge of the applicant takes it along, too.
        let applicant =
          handedIn.applicant.number.map { [identifier($0), identifier($0, kind: .document)] } ?? []
        try changes.put(
          DocumentKind.reportApplication, id, handedIn, subjects: [handedIn.subject] + applicant)
      }
      facts.rows = 1
      return reading.shown(handedIn)
    }
  }

  /// An application about a person is the person's own, or that of somebody with a letter, who says who it is.
  private func checkAuthority(of application: ReportApplication, _ reading: AccessReading) throws {
    guard application.kind == .own || application.applicant.number != nil else {
      throw AccessRefusal(
        .authorityMissing, "who is entrusted gives the number of its identity document beside the letter")
    }
    guard application.kind == .own, application.subject.isOfPerson else { return }
    if reading.grant.ownSubjects?.contains(application.subject) ?? false { return }
    if let number = application.applicant.number, identifier(number) == application.subject { return }
    throw AccessRefusal(
      .authorityMissing,
      "a person's own application is handed in by the person, with its number; others are entrusted with a letter"
    )
  }

  private func check(_ application: ReportApplication, on today: Day) throws {
    func problem(_ words: String) -> CreditError { CreditError("invalidApplication", words) }
    guard (1...200).contains(application.id.utf8.count), !application.id.allSatisfy(\.isWhitespace) else {
      throw problem("the number of an application has 1 to 200 bytes")
    }
    guard !application.purpose.allSatisfy(\.isWhitespace), application.purpose.utf8.count <= 1500 else {
      throw problem("an application says what the report is used for, in at most 1500 bytes")
    }
    let applicant = application.applicant
    guard !applicant.name.allSatisfy(\.isWhitespace), applicant.name.utf8.count <= 600 else {
      throw problem("an application names who hands it in, in at most 600 bytes")
    }
    guard [applicant.number, applicant.phone].allSatisfy({ ($0?.utf8.count ?? 1) <= 100 && $0 != "" }) else {
      throw problem("the numbers of the applicant have 1 to 100 bytes")
    }
    // These are printed or stay when somebody is taken out of the store.
    guard ![application.id, application.purpose, applicant.name].contains(where: namesSomebody) else {
      throw problem("number, use and applicant of an application hold no identity number")
    }
    if let template = application.template {
      guard let known = ReportTemplate.national.first(where: { $0.id == template }) else {
        let all = ReportTemplate.national.map(\.id).joined(separator: ", ")
        throw CreditError("unknownTemplate", "there is no layout \(template); there are \(all)")
      }
      try known.check(application.subject)
    }
    guard application.from ?? .minimum <= application.until ?? today, application.until ?? today <= today
    else {
      throw CreditError("invalidPeriod", "a report is about days up to today, the first not behind the last")
    }
    guard application.materials.count <= 100, application.materials.allSatisfy(\.isSound),
      application.kind == .own || !application.materials.isEmpty
    else {
      throw CreditError(
        "materialMissing",
        "an entrusted application has a letter of authority; each document has a title and a SHA-256")
    }
  }

  /// Takes a step of an application for a report (信用报告申请办理).
  ///
  /// - Parameters:
  ///   - id: number of the case.
  ///   - next: the step.
  /// - Returns: the application after it.
  /// - Throws: `AccessRefusal`: `notCompetent` for who is not the centre, `wrongState`; `CreditError`: `unknownCase`, `reasonMissing`, `materialMissing`.
  @discardableResult
  public func takeStep(ofReportApplication id: String, _ next: ReportApplicationStep) throws
    -> ReportApplication
  {
    try perform(next.isApplicants ? .apply : .decide) { reading, facts in
      guard next.isApplicants || reading.isWholeCentre else {
        throw AccessRefusal(.notCompetent, "the centre decides about applications for reports")
      }
      facts.found = [try application(id, reading).subject]
      if next.note.map(namesSomebody) ?? false {
        throw CreditError("invalidApplication", "a note holds no identity number")
      }
      let result = try platform.database.changeRefusably("reportApplication") { snapshot, changes in
        var application = try self.application(id, reading.at(snapshot))
        try application.take(next)
        application.steps.append(step(next.name, reading, next.note))
        try changes.put(DocumentKind.reportApplication, id, application)
        return application
      }
      facts.rows = 1
      return reading.shown(result)
    }
  }

  /// Applications for reports, those waiting longest first: for the centre all, for others those they handed in, or that are about themselves.
  ///
  /// - Parameter state: those in this state alone; `nil` = all.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func reportApplications(
    _ state: ReportApplication.State? = nil
  ) throws -> [ReportApplication] {
    try perform(.apply) { reading, facts in
      let kinds: Set = [DocumentKind.reportApplication]
      let documents =
        try reading.grant.ownSubject.map { try reading.snapshot.documents(kinds, of: $0) }
        ?? reading.snapshot.documents(kinds).sorted { $0.commit < $1.commit }
      let found = try documents.map { try $0.decoded(as: ReportApplication.self) }
        .filter { reading.mayFollow($0) && state ?? $0.state == $0.state }
      (facts.rows, facts.found) = (found.count, Array(Set(found.map(\.subject))))
      return found.map(reading.shown)
    }
  }

  /// Issues the report of an application that was passed (出具信用报告).
  ///
  /// It is made for the subject's eyes, also where the centre issues it, and stands in the log under the number of the application. Once it is issued the same
  /// report is given again, with the same number.
  /// - Parameter id: number of the application.
  /// - Returns: the report, with its number and verification code.
  /// - Throws: `AccessRefusal`: `wrongState` where it is not passed, what making a report throws; `CreditError`: `unknownCase`, `notReproduced` where it was
  ///   issued and the store does not say any more what it said.
  public func issueReport(ofApplication id: String) throws -> CreditReport {
    var about = caller
    about.caseNumber = id
    let application = try with(about).perform(.report) { reading, facts in
      let application = try self.application(id, reading)
      facts.found = [application.subject]
      guard application.state == .passed || application.state == .issued else {
        throw AccessRefusal(.wrongState, "the application is \(application.state.rawValue)")
      }
      return application
    }
    about.purpose = application.purpose
    let session = with(about)
    if let number = application.reportNumber {
      return try session.reissued(number, of: application.subject)
    }
    var request = ReportRequest(
      subject: application.subject.text, kind: application.subject.kind,
      template: ReportTemplate.national.first { $0.id == application.template }, from: application.from,
      until: application.until, isIssued: true)
    request.application = id
    return try session.report(request)
  }

  /// The session of another caller.
  private func with(_ caller: Caller) -> AccessSession {
    AccessSession(
      platform: platform, caller: caller, keeper: keeper, keeperAudience: keeperAudience,
      keeperUnit: keeperUnit)
  }

  /// An application the caller has to do with.
  func application(_ id: String, _ reading: AccessReading) throws -> ReportApplication {
    let found = try reading.snapshot.document(DocumentKind.reportApplication, id)?
      .decoded(as: ReportApplication.self)
    guard let found, reading.mayFollow(found) else {
      throw CreditError("unknownCase", "there is no application \(id)")
    }
    return found
  }
}

extension AccessReading {
  /// Whether the caller has to do with an application.
  fileprivate func mayFollow(_ application: ReportApplication) -> Bool {
    if isWholeCentre { return true }
    if let own = grant.ownSubjects { return own.contains(application.subject) }
    guard let first = application.steps.first else { return false }
    if let account = first.account, account == session.caller.account ?? session.keeper { return true }
    return first.unit.map { grant.ownUnits.contains($0) || grant.unit == $0 } ?? false
  }

  /// Refuses a subject whose number cannot be one and stands in no record, and a unit that is none: a report about a mistyped number would say that all is well.
  fileprivate func checkSubject(of application: ReportApplication) throws {
    if let unit = grant.unit, try platform.register(snapshot).units[unit] == nil {
      throw CreditError("unknownUnit", "there is no unit \(unit); enter it first")
    }
    try checkCanBe(application.subject)
  }

  /// Refuses an identifier that cannot be one and stands in no record: what is decided about a mistyped number does not reach whom it is meant for.
  func checkCanBe(_ subject: Identifier) throws {
    try checkCanBe(subject) { try snapshot.screen([subject.text]).first?.isFound ?? false }
  }

  /// The same where somebody knows already whether there are records.
  func checkCanBe(_ subject: Identifier, unless isKnown: () throws -> Bool) throws {
    guard subject.kind != .document, subject.kind != .unknown,
      !Identifier.check(subject.text, as: subject.kind, on: today).isValid, try !isKnown()
    else { return }
    throw CreditError(
      "invalidIdentifier", "the number of the subject cannot be one, and no record has it; check it")
  }

  /// An application as it is shown: numbers of people are masked.
  fileprivate func shown(_ application: ReportApplication) -> ReportApplication {
    var shown = application
    // A list of cases lies open on a desk.
    shown.subject = Identifier(application.subject.masked, as: application.subject.kind)
    // It is a person's, whatever its form.
    shown.applicant.number = application.applicant.number.map { number in
      session.identifier(number).kind == .citizenIdentityNumber
        ? Mask.citizenIdentityNumber.apply(to: number) : Mask(leading: 2, trailing: 2).apply(to: number)
    }
    for place in shown.materials.indices {
      shown.materials[place].title = PersonalNumbers.masked(shown.materials[place].title, on: today)
    }
    shown.applicant.phone = application.applicant.phone.map { Mask(leading: 3, trailing: 4).apply(to: $0) }
    return shown
  }
}
