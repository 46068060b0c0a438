// Owns telling whose an identifier is, as far as its form tells.
// Invariants: what might be a person's is taken for one.
// Does not look at records.

extension SubjectKind {
  /// Whether it is a body's for certain.
  package var isBody: Bool { self == .legalPerson || self == .soleTrader || self == .otherOrganization }
}

extension Identifier {
  /// Whether records of a subject of some kind say how this one is called: a person is not called as its company is, nor a company as its owner. Where
  /// an identifier does not tell, nothing speaks against it.
  package func isCalled(asIn kind: SubjectKind) -> Bool {
    if subjectKind == .naturalPerson || self.kind == .document { return !kind.isBody }
    return !(subjectKind.isBody && kind == .naturalPerson)
  }

  /// Whether it is a person's, or might be.
  package var isOfPerson: Bool {
    switch subjectKind {
    case .legalPerson, .soleTrader, .otherOrganization: false
    case .naturalPerson: true
    // Companies' taxpayer numbers had fifteen characters; others may be made of identity numbers.
    case .unknown: !(kind == .taxpayerNumber && text.utf8.count == 15)
    }
  }

  /// The kind of subject, as far as the number tells.
  package var subjectKind: SubjectKind {
    SubjectKey(self, digest: { _ in 0 }).map(SubjectKind.init) ?? .unknown
  }
}
