// Owns keeping models of evaluation and the results they gave.
// Invariants: a version of a model never changes; a result that is kept names model, version, commit and day, so that it can be worked out again.

public import CreditModel
import CreditStore

/// A result that is kept (评价结果归档).
struct KeptEvaluation: Codable, Equatable {
  var subject: Identifier
  var evaluation: Evaluation
  var account: String?
  /// For whose eyes its maker read; `nil` in those of before it was kept.
  var audience: Audience?
  /// The consent it rested on.
  var consent: String?
}

extension AccessSession {
  /// Enters versions of models (评价模型维护).
  ///
  /// - Parameter models: each version once; one that is there may only be entered again word for word.
  /// - Throws: `AccessRefusal`; `CreditError`: `invalidModel`, `unknownEntry`, `versionExists`.
  public func publish(_ models: [IndicatorModel]) throws {
    try set("models") { snapshot, changes in
      for model in models {
        if let problem = model.problem { throw CreditError("invalidModel", problem) }
        try model.check(in: snapshot)
        let id = Self.modelID(model.id, model.version)
        if let known = try snapshot.document(DocumentKind.model, id)?.decoded(as: IndicatorModel.self) {
          guard known == model else {
            throw CreditError(
              "versionExists",
              "model \(model.id) has a version \(model.version) already; give it a higher one")
          }
          continue
        }
        try changes.put(DocumentKind.model, id, model)
      }
    }
  }

  private static func modelID(_ id: String, _ version: Int) -> String { "\(id)|\(version)" }

  /// The models there are, by id and version.
  ///
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func models() throws -> [IndicatorModel] {
    try perform(.screen) { reading, facts in
      let models = try reading.snapshot.documents([DocumentKind.model]).map {
        try $0.decoded(as: IndicatorModel.self)
      }
      facts.rows = models.count
      return models.sorted { ($0.id, $0.version) < ($1.id, $1.version) }
    }
  }

  /// Evaluates a subject by a model that was entered.
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - id: of the model.
  ///   - version: of the model; `nil` = the highest.
  ///   - commit: the commit as of which the store is looked at; `nil` = now.
  ///   - day: the day for which months are counted; `nil` = today.
  ///   - isKept: whether the result is kept, and found again with ``evaluations(of:)``.
  /// - Throws: `AccessRefusal`; `CreditError`, code `unknownModel`.
  public func evaluate(
    _ text: String, byModel id: String, version: Int? = nil, asOf commit: UInt64? = nil, on day: Day? = nil,
    isKept: Bool = false
  ) throws -> Evaluation {
    let subject = identifier(text)
    let model = try perform(.screen, about: [subject]) { reading, _ in
      let known = try reading.snapshot.documents([DocumentKind.model]).map {
        try $0.decoded(as: IndicatorModel.self)
      }.filter { $0.id == id && version ?? $0.version == $0.version }
      guard let model = known.max(by: { $0.version < $1.version }) else {
        throw CreditError("unknownModel", "there is no model \(id)\(version.map { " version \($0)" } ?? "")")
      }
      return model
    }
    let result = try evaluate(text, by: model, asOf: commit, on: day)
    guard isKept else { return result }
    try perform(.screen, about: [subject]) { reading, facts in
      let kept = KeptEvaluation(
        subject: subject, evaluation: result, account: caller.account ?? keeper, audience: reading.audience,
        consent: reading.consent?.id)
      let name =
        "\(subject.kind.rawValue)|\(subject.text)|\(id)|\(model.version)|\(result.day)|\(result.commit)"
      let maker = ([caller.account ?? keeper ?? "", reading.grant.unit ?? ""] + reading.roles.map(\.id))
        .joined(
          separator: "|")
      let digest = ContentDigest.hex(ContentDigest.sha256((name + "|" + maker).utf8))
      try platform.database.change("evaluation") { _, changes in
        try changes.put(DocumentKind.evaluation, digest, kept, subjects: [subject])
      }
      facts.rows = 1
    }
    return result
  }

  /// The results about a subject that the caller's account kept, the oldest first; for the centre all. Those that rested on a consent are shown while
  /// that very consent holds, those of a wider role while the caller has one.
  ///
  /// - Parameter text: an identifier of the subject.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func evaluations(of text: String) throws -> [Evaluation] {
    let subject = identifier(text)
    return try perform(.screen, about: [subject]) { reading, facts in
      // A score tells of the records its maker saw.
      let found = try reading.documents(DocumentKind.evaluation, of: subject, as: KeptEvaluation.self).filter
      {
        if reading.audience == .centre { return true }
        return try $0.account == caller.account ?? keeper
          && reading.audience.rank >= ($0.audience ?? .authorized).rank
          && $0.consent.map(reading.holds) ?? true
      }
      facts.rows = found.count
      return found.map(\.evaluation)
    }
  }
}

extension AccessReading {
  /// Whether a consent holds for the caller's unit today.
  fileprivate func holds(_ id: String) throws -> Bool {
    guard let consent = try snapshot.document(DocumentKind.consent, id)?.decoded(as: Consent.self) else {
      return false
    }
    return (try? consent.check(unit: grant.unit, purpose: consent.purpose, on: today)) != nil
  }
}

extension IndicatorModel {
  /// Refuses a model that counts what is not there: with a code mistyped everybody would have the best grade.
  func check(in snapshot: CreditSnapshot) throws {
    for indicator in indicators {
      if let category = indicator.category {
        // Each evaluation asks: one entry is enough, and of a category that there is it is found soon.
        let entries = try snapshot.database.catalogue.summaries(asOf: snapshot)
        guard entries.contains(where: { $0.category == category }) else {
          throw CreditError(
            "invalidModel", "indicator \(indicator.id): no entry has the category \(category)")
        }
      }
      guard let code = indicator.entry else { continue }
      let entry = try snapshot.entry(code)
      if let item = indicator.item, entry.itemIndex(item) == nil {
        throw CreditError("invalidModel", "indicator \(indicator.id): entry \(code) has no item \(item)")
      }
    }
  }
}
