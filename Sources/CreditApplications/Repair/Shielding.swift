// Owns beginning and ending the shielding of bodies in reorganisation, and from whom it keeps their records.
// Invariants: decided by the centre; those that are not over stand in one list, which readers and the exchange look at.
// Does not hold what a shielding says (CreditModel).

public import CreditModel
import CreditStore

extension Shielding {
  /// Whether it keeps a record from an audience on a day.
  func hides(_ record: CreditRecord, from audience: Audience, on day: Day) -> Bool {
    // A person whose company is reorganised is not.
    guard isInForce(on: day), !record.subject.isOfPerson else { return false }
    guard isAbout(record.entry) else { return false }
    switch audience {
    case .everybody: return true
    case .government, .authorized: return extent == .publicationAndSharing
    case .subject, .centre: return false
    }
  }
}

extension AccessSession {
  /// Keeps the unfavourable records of a body from the public while its plan of reorganisation is carried out (重整屏蔽).
  ///
  /// - Parameter shielding: what, from whom, on which ruling.
  /// - Returns: it, with its first step.
  /// - Throws: `AccessRefusal` with rule `notCompetent` for whoever is not the centre; `CreditError`: `invalidShielding`, `alreadyExists`, `unknownEntry`,
  ///   `invalidIdentifier` for a number that is wrong and stands in no record.
  @discardableResult
  public func shield(_ shielding: Shielding) throws -> Shielding {
    let subject = Identifier(shielding.subject.text, as: shielding.subject.kind)
    return try perform(.decide, about: [subject]) { reading, facts in
      try reading.checkIsCentre()
      if let problem = shielding.problem { throw CreditError("invalidShielding", problem) }
      try reading.checkCanBe(subject)
      for code in shielding.entries ?? [] { _ = try reading.snapshot.entry(code) }
      var made = shielding
      (made.subject, made.endedOn, made.steps) = (subject, nil, [step("shielded", reading, shielding.ruling)])
      let result = made
      try platform.database.change("shielding") { snapshot, changes in
        guard try snapshot.document(DocumentKind.shielding, result.id) == nil else {
          throw CreditError("alreadyExists", "there is a shielding \(result.id) already")
        }
        try changes.put(DocumentKind.shielding, result.id, result, subjects: [subject])
        try changes.put(
          DocumentKind.shieldings, DocumentKind.shieldings,
          try snapshot.shieldings().filter { $0.until >= reading.today && $0.endedOn == nil }.map(\.id) + [
            result.id
          ])
      }
      facts.rows = 1
      return result
    }
  }

  /// Ends a shielding before its last day: the plan was fulfilled, or failed (终止屏蔽).
  ///
  /// - Parameters:
  ///   - id: number of the case.
  ///   - reason: why.
  /// - Throws: `AccessRefusal`: `notCompetent`, `wrongState` where it is over; `CreditError`: `unknownCase`, `reasonMissing`.
  @discardableResult
  public func endShielding(_ id: String, reason: String) throws -> Shielding {
    try perform(.decide) { reading, facts in
      try reading.checkIsCentre()
      guard !reason.allSatisfy(\.isWhitespace) else { throw CreditError("reasonMissing", "say why") }
      let result = try platform.database.changeRefusably("shielding") { snapshot, changes -> Shielding in
        let document = try snapshot.document(DocumentKind.shielding, id)
        guard var shielding = try document?.decoded(as: Shielding.self) else {
          throw CreditError("unknownCase", "there is no shielding \(id)")
        }
        guard shielding.endedOn == nil, reading.today <= shielding.until else {
          throw AccessRefusal(.wrongState, "the shielding is over")
        }
        try reading.checkOrder(behind: shielding.steps)
        shielding.endedOn = reading.today
        shielding.steps.append(step("ended", reading, reason))
        try changes.put(DocumentKind.shielding, id, shielding)
        return shielding
      }
      (facts.rows, facts.found) = (1, [result.subject])
      return result
    }
  }

  /// The shieldings of a body, the oldest first, for the centre.
  ///
  /// - Parameter text: an identifier of the subject.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func shieldings(of text: String) throws -> [Shielding] {
    let subject = identifier(text)
    return try perform(.decide, about: [subject]) { reading, facts in
      try reading.checkIsCentre()
      let all = try reading.documents(DocumentKind.shielding, of: subject, as: Shielding.self)
      facts.rows = all.count
      return all
    }
  }
}

extension AccessReading {
  fileprivate func checkIsCentre() throws(AccessRefusal) {
    guard audience == .centre else {
      throw AccessRefusal(.notCompetent, "the centre decides about shielding")
    }
  }
}
