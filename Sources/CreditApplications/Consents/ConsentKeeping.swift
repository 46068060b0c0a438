// Owns entering, revoking and checking consents.
// Invariants: reading that needs a consent fails without one; a consent that is not this subject's and this unit's is answered like one that is not there.

public import CreditModel
import CreditStore

extension AccessSession {
  /// Age in years below which only a guardian can consent, and ask for what is kept about somebody (个人信息保护法第三十一条).
  static let guardedAge = 14

  /// Enters a consent (登记授权).
  ///
  /// - Parameter consent: what the subject consented to.
  /// - Throws: `AccessRefusal`, `guardianMissing` for somebody under fourteen; `CreditError`: `invalidConsent`, `alreadyExists`, `invalidIdentifier` for a number that
  ///   is wrong and stands in no record, `unknownEntry`.
  public func grant(_ consent: Consent) throws {
    let consent = consent.normalized
    try perform(.consent, about: [consent.subject]) { reading, facts in
      if let problem = consent.problem { throw CreditError("invalidConsent", problem) }
      for code in consent.entries { _ = try reading.snapshot.entry(code) }
      if consent.subject.isYounger(than: Self.guardedAge, on: reading.today) ?? false, !consent.isByGuardian {
        throw AccessRefusal(.guardianMissing, "nobody under fourteen can consent; a guardian has to")
      }
      try reading.checkCanBe(consent.subject)
      _ = try platform.database.change("consent") { snapshot, changes in
        guard try snapshot.document(DocumentKind.consent, consent.id) == nil else {
          throw CreditError("alreadyExists", "there is a consent \(consent.id) already")
        }
        try changes.put(DocumentKind.consent, consent.id, consent, subjects: [consent.subject])
      }
      facts.rows = 1
    }
  }

  /// Revokes a consent: from now on nothing is read with it (撤回授权).
  ///
  /// - Parameters:
  ///   - id: of the consent.
  ///   - reason: why.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownConsent`, `alreadyRevoked`, `reasonMissing`.
  public func revokeConsent(_ id: String, reason: String) throws {
    try perform(.consent) { reading, facts in
      guard !reason.allSatisfy(\.isWhitespace) else {
        throw CreditError(
          "reasonMissing", "say why the consent is taken back, such as that the subject asked for it")
      }
      let subject = try platform.database.change("consent") { snapshot, changes in
        guard var consent = try snapshot.document(DocumentKind.consent, id)?.decoded(as: Consent.self),
          reading.follows(consent)
        else {
          throw CreditError("unknownConsent", "there is no consent \(id)")
        }
        guard consent.revokedOn == nil else {
          throw CreditError("alreadyRevoked", "consent \(id) was revoked already")
        }
        (consent.revokedOn, consent.revocationReason) = (reading.today, reason)
        try changes.put(DocumentKind.consent, id, consent)
        return consent.subject
      }.result
      facts.found = [subject]
      facts.rows = 1
    }
  }

  /// The consents of a subject: those for the caller's units, or all for the subject itself and the centre; the oldest first.
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - kind: its kind; `nil` = by its form.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func consents(of text: String, kind: IdentifierKind? = nil) throws -> [Consent] {
    let subject = identifier(text, kind: kind)
    return try perform(.consent, about: [subject]) { reading, facts in
      let consents = try reading.documents(DocumentKind.consent, of: subject, as: Consent.self).filter(
        reading.follows)
      facts.rows = consents.count
      return consents
    }
  }

  /// The consent that a call about subjects rests on, where a role needs one; roles that do are left out where there is none and others allow the call.
  func consent(
    for subjects: [Identifier], _ roles: inout [AccessRole], _ grant: AccessGrant, _ snapshot: CreditSnapshot
  ) throws -> Consent? {
    guard roles.contains(where: { $0.audience == .authorized }), !subjects.isEmpty else { return nil }
    do {
      guard subjects.count == 1 else {
        throw AccessRefusal(.consentMissing, "a consent is one subject's; ask about one at a time")
      }
      return try consent(of: subjects[0], grant, snapshot)
    } catch let refusal as AccessRefusal {
      roles.removeAll { $0.audience == .authorized }
      // Who names a consent means to read with it.
      if roles.isEmpty || caller.consent != nil { throw refusal }
      return nil
    }
  }

  private func consent(
    of subject: Identifier, _ grant: AccessGrant, _ snapshot: CreditSnapshot
  ) throws -> Consent {
    guard let id = caller.consent,
      let consent = try snapshot.document(DocumentKind.consent, id)?.decoded(as: Consent.self)
    else { throw AccessRefusal.noConsent }
    let identifiers = try snapshot.ownIdentifiers(of: subject) + [subject]
    guard identifiers.contains(consent.subject), consent.subject.isOfPerson == subject.isOfPerson else {
      throw AccessRefusal.noConsent
    }
    try consent.check(unit: grant.unit, purpose: caller.purpose, on: platform.options.today())
    return consent
  }
}

extension AccessReading {
  /// Whether a consent is the caller's business: given by it, or to its unit, or it is the centre.
  fileprivate func follows(_ consent: Consent) -> Bool {
    if grant.ownUnits.contains(consent.grantee) { return true }
    return roles.contains { role in
      role.audience == .centre
        || role.audience == .subject && grant.ownSubjects?.contains(consent.subject) ?? true
    }
  }
}
