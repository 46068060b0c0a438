// Owns sending changes to receivers through the platform, so that it stands in the access log what went to whom.
// Invariants: the line is written before the files; on a route by consent each subject whose records go stands in the log.
// Does not put packages together (CreditStore).

public import CreditModel
import CreditStore

/// A package that was put together for a receiver (交换包).
public struct SentPackage: Codable, Sendable, Equatable {
  /// Code of the route.
  public var route: String
  /// Number in the route.
  public var number: Int
  /// Code of the entry.
  public var entry: String
  /// Records that go.
  public var puts: Int
  /// Records that are taken back.
  public var withdrawals: Int
  /// SHA-256 of its changes.
  public var sha256: String
}

extension AccessSession {
  /// Subjects that stand in one line of the log.
  private static let subjectsOfLine = 10_000

  /// Puts together what changed on a route since the last time, and writes it (打包上报).
  ///
  /// - Parameters:
  ///   - route: its code.
  ///   - folder: where the files go; `nil` = packages are put together and not written.
  ///   - limit: changes after which a package ends, with the commit they came in.
  /// - Returns: the packages, by number.
  /// - Throws: `AccessRefusal`; `CreditError`: what packing and writing throw.
  @discardableResult
  public func pack(_ route: String, to folder: String? = nil, limit: Int = 100_000) throws -> [SentPackage] {
    let packages = try perform(.exchange) { reading, facts in
      try reading.checkExchange()
      let packages = try platform.database.pack(route, limit: limit)
      // What is given out is counted when it is written.
      facts.entries = Set(packages.map(\.entry))
      return packages
    }
    if let folder { for package in packages { _ = try write(package, to: folder) } }
    return packages.map(SentPackage.init)
  }

  /// Puts the changes of a package that the receiver refused together once more, and writes them (退回重报).
  ///
  /// - Parameters:
  ///   - number: the package.
  ///   - route: code of its route.
  ///   - folder: where the files go; `nil` = it is not written.
  /// - Returns: the new package; `nil` where nothing of it is left to go again.
  /// - Throws: `AccessRefusal`; `CreditError`: what packing again and writing throw.
  @discardableResult
  public func packAgain(_ number: Int, of route: String, to folder: String? = nil) throws -> SentPackage? {
    let package = try perform(.exchange) { reading, facts in
      try reading.checkExchange()
      let package = try platform.database.packAgain(number, of: route)
      facts.entries = Set([package?.entry].compactMap { $0 })
      return package
    }
    if let package, let folder { _ = try write(package, to: folder) }
    return package.map(SentPackage.init)
  }

  /// Writes a package again, byte for byte.
  ///
  /// - Parameters:
  ///   - number: its number.
  ///   - route: code of its route.
  ///   - folder: where the files go.
  /// - Returns: what goes with it: names and digests of its files.
  /// - Throws: `AccessRefusal`; `CreditError`: `unknownRoute`, `unknownPackage`, what writing throws.
  @discardableResult
  public func writePackage(
    _ number: Int, of route: String, to folder: String
  ) throws -> ExchangeManifest {
    let package = try perform(.exchange) { reading, facts in
      try reading.checkExchange()
      let found = try reading.snapshot.packages(ofRoute: route).first { $0.number == number }
      guard let found else {
        throw CreditError("unknownPackage", "route \(route) has no package \(number)")
      }
      return found
    }
    return try write(package, to: folder)
  }

  private func write(_ package: ExchangePackage, to folder: String) throws -> ExchangeManifest {
    try perform(.exchange) { reading, facts in
      facts.note([package])
      let routes = try reading.snapshot.exchangeRoutes()
      if routes.first(where: { $0.code == package.route })?.purpose == .authorized {
        try noteSubjects(of: package, reading)
      }
    }
    return try platform.database.snapshot().write(package, to: folder)
  }

  /// Writes whose records go, some at a time.
  private func noteSubjects(of package: ExchangePackage, _ reading: AccessReading) throws {
    var subjects: Set<Identifier> = []
    func noteAll() throws {
      guard !subjects.isEmpty else { return }
      var facts = Facts()
      facts.note([package])
      facts.rows = 0
      try note(
        .exchange, about: Array(subjects), roles: reading.roles.map(\.id), unit: reading.grant.unit, facts,
        outcome: CreditPlatform.allowed)
      subjects = []
    }
    try reading.snapshot.messages(of: package) { message in
      subjects.insert(Identifier(message.subject.text, as: message.subject.kind))
      if subjects.count >= Self.subjectsOfLine { try noteAll() }
    }
    try noteAll()
  }
}

extension SentPackage {
  fileprivate init(_ package: ExchangePackage) {
    self.init(
      route: package.route, number: package.number, entry: package.entry, puts: package.puts,
      withdrawals: package.withdrawals, sha256: package.sha256)
  }
}

extension AccessSession.Facts {
  fileprivate mutating func note(_ packages: [ExchangePackage]) {
    entries.formUnion(packages.map(\.entry))
    rows += packages.reduce(0) { $0 + $1.changes }
  }
}

extension AccessReading {
  fileprivate func checkExchange() throws(AccessRefusal) {
    guard audience == .centre else {
      throw AccessRefusal(.notCompetent, "what goes to others is sent by the centre")
    }
  }
}
