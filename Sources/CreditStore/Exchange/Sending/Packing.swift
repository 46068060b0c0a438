// Owns putting packages together: what goes next on a route, what goes again, where a route begins anew.
// Invariants: every change of an entry of the route is in one package and no other; packages end with commits, so that none holds half of what was
// one change of the store; they are put together in a commit of their own, and a crash between packing and sending loses nothing.
// Does not send: whoever carries packages notes it with `noteSent`.

import CreditModel
import Foundation
import SegmentStore

extension CreditDatabase {
  /// Puts together what changed since the last time, one package for each entry that has changes (打包上报).
  ///
  /// ```swift
  /// for package in try database.pack("hebei-xzcf") { try database.snapshot().write(package, to: folder) }
  /// ```
  /// - Parameters:
  ///   - code: the route.
  ///   - limit: changes after which a package ends, with the commit they came in; a commit is never taken apart.
  ///
  /// On an authorized route records of those alone go who consented, all of them once somebody consents, and all are taken back when the consent ends.
  /// - Returns: the packages, by number; none where nothing changed.
  /// - Throws: `CreditError`: `unknownRoute`, `routeClosed`, `unknownEntry`, `notShared`, `wrongLayout`; `invalidToken` where the store was put back to
  ///   an earlier state than the last package: ``restart(route:firstNumber:reason:)`` then; `conflict` where somebody else packed meanwhile.
  @discardableResult
  public func pack(_ code: String, limit: Int = 100_000) throws -> [ExchangePackage] {
    try pack(code, limit: limit, on: Self.today())
  }

  /// The same with the consents that hold on a day.
  @discardableResult
  func pack(_ code: String, limit: Int, on day: Day) throws -> [ExchangePackage] {
    do {
      guard limit >= 1 else { throw CreditError("limit", "a package has at least one change") }
      let route = try activeRoute(code)
      let snapshot = snapshot()
      // Before anything is put together: nothing shall stop half-way.
      for entry in route.entries {
        try check(route, entry, snapshot.engine)
      }
      // Read once: a route of years has thousands of packages.
      var known = try ExchangeTables(snapshot: engine.snapshot()).packages(of: code)
      return try route.entries.compactMap { entry in
        let package = try pack(entry, of: route, behind: known, snapshot, limit: limit, on: day)
        if let package { known.append(package) }
        return package
      }
    } catch { throw CreditError(wrapping: error) }
  }

  private func activeRoute(_ code: String) throws -> ExchangeRoute {
    let route = try ExchangeTables(snapshot: engine.snapshot()).route(code)
    guard route.isActive else {
      throw CreditError("routeClosed", "route \(code) is not active: nothing is packed for it")
    }
    return route
  }

  private func pack(
    _ entry: String, of route: ExchangeRoute, behind known: [ExchangePackage], _ snapshot: CreditSnapshot,
    limit: Int, on day: Day
  ) throws -> ExchangePackage? {
    let restart = known.lastIndex { $0.state == .restart }
    let last = known[(restart.map { $0 + 1 } ?? 0)...].last { $0.entry == entry && $0.repeats == nil }
    var package = ExchangePackage(
      route: route.code, number: (known.last?.number ?? 0) + 1, entry: entry,
      fromCommit: last?.toCommit ?? 0, toCommit: 0, puts: 0, withdrawals: 0, sha256: "", packed: Date())
    guard package.number <= ExchangePackage.maximumNumber else {
      throw CreditError("limit", "route \(route.code) has no numbers left; enter another route")
    }
    package.isFull = restart != nil && last == nil
    package.entryCommit = snapshot.commit
    // A route that was another's before goes on from what it kept back.
    if route.purpose != .upward || last?.consents != nil {
      (package.consentDay, package.consentsBefore) = (day, last?.consents)
    }
    var instant = last?.toInstant
    // Consents and shieldings end with their days, without any commit.
    var isPending = package.fromCommit < snapshot.commit || package.consents != package.consentsBefore
    while isPending {
      // Where nobody had consented no single change goes: there is nothing to count.
      let isWhole = package.isFull || route.purpose == .authorized && package.consentsBefore == nil
      package.toCommit =
        try isWhole
        ? snapshot.commit : end(of: entry, from: package.fromCommit, instant, snapshot, limit: limit)
      package.toInstant = engine.instant(of: package.toCommit)
      try package.count(in: self)
      // Behind a beginning anew, nothing is something: whatever the receiver has is taken back.
      if package.changes + package.replacements > 0 || package.isFull {
        try keep(package, after: known.last?.number)
        return package
      }
      // All that happened came to nothing: the receiver is where the store was then, and has the records of those who consent now.
      (package.fromCommit, instant) = (package.toCommit, package.toInstant)
      package.consentsBefore = package.consents
      isPending = package.fromCommit < snapshot.commit
    }
    return nil
  }

  /// The commit with which a package ends: that of the snapshot where there are no more changes than go into one.
  private func end(
    of entry: String, from: UInt64, _ instant: Int64?, _ snapshot: CreditSnapshot, limit: Int
  ) throws -> UInt64 {
    var token = try ChangeToken(store: identifier, commit: from, instant: instant).text()
    var changes = 0
    while true {
      let page = try snapshot.changes(since: token, entries: [entry], pageOf: PackageContent.pageVersions)
      for change in page.changes {
        changes += 1
        if changes >= limit { return change.commit }
      }
      // Behind the last change nothing changed: the next package need not look there again.
      guard page.hasMore else { return snapshot.commit }
      token = page.next
    }
  }

  private func keep(_ package: ExchangePackage, after last: Int?) throws {
    _ = try engine.write { transaction in
      let known = try ExchangeTables(snapshot: transaction.snapshot).lastNumber(of: package.route)
      guard known == last else {
        throw CreditError("conflict", "somebody else packed for route \(package.route) meanwhile; try again")
      }
      try ExchangeTables.put(package, &transaction)
      try Self.note("exchangePacked", nil, &transaction)
    }
  }

  /// Puts the changes of a package that the receiver refused together once more (退回重报), those of which nothing newer has come since.
  ///
  /// What was corrected goes by itself, as every change does.
  ///
  /// - Parameters:
  ///   - number: the package.
  ///   - code: its route.
  /// - Returns: the new package; `nil` where nothing of it is left to go again.
  /// - Throws: `CreditError`: `unknownRoute`, `routeClosed`, `unknownPackage`, `nothingRejected`, `notShared`, `conflict`, `beginAnew`
  ///   for a full package that was refused as a whole, and where the entry lost an item since.
  @discardableResult
  public func packAgain(_ number: Int, of code: String) throws -> ExchangePackage? {
    do {
      let route = try activeRoute(code)
      let snapshot = snapshot()
      let known = try ExchangeTables(snapshot: snapshot.engine).packages(of: code)
      guard let original = known.first(where: { $0.number == number }) else {
        throw CreditError("unknownPackage", "route \(code) has no package \(number)")
      }
      guard original.rejected > 0 || original.others == .rejected else {
        throw CreditError("nothingRejected", "nothing of package \(number) of route \(code) was refused")
      }
      guard !original.isFull || original.others != .rejected else {
        throw CreditError(
          "beginAnew",
          "package \(number) holds all there is, and all of it was refused: let the route begin anew")
      }
      try check(route, original.entry, snapshot.engine)
      let then = try catalogue.entry(
        original.entry, asOf: engine.snapshot(asOf: original.entryCommit)
      ).entry.items.map(\.id)
      let now = try catalogue.entry(original.entry, asOf: snapshot.engine).entry.items.map(\.id)
      if let item = Set(then).subtracting(now).min() {
        throw CreditError(
          "beginAnew",
          "item \(item) has left entry \(original.entry) since package \(number): let the route begin anew",
          item: item)
      }
      var package = original
      (package.number, package.repeats, package.receiptsCommit) =
        ((known.last?.number ?? 0) + 1, number, snapshot.commit)
      package.goesUnlessHeld = true
      (package.attempts, package.sent, package.others, package.packed) = (0, nil, nil, Date())
      (package.accepted, package.rejected, package.batch, package.isFull) = (0, 0, nil, false)
      if route.purpose != .upward {
        package.consentsAgain = .init(commit: snapshot.commit, day: Self.today())
      }
      try package.count(in: self)
      guard package.changes > 0 else { return nil }
      try keep(package, after: known.last?.number)
      return package
    } catch { throw CreditError(wrapping: error) }
  }

  /// Lets a route begin anew: the next packages hold all that its entries have (重新全量上报).
  ///
  /// For a receiver that lost what it had, and for a store that was put back to an earlier state: the receiver knows packages that the store does not.
  ///
  /// - Parameters:
  ///   - code: the route.
  ///   - firstNumber: number of the next package, above all that the receiver knows; `nil` = goes on counting.
  ///   - reason: why, kept with the commit.
  /// - Throws: `CreditError`: `unknownRoute`, `reasonMissing`, `invalidNumber`.
  public func restart(route code: String, firstNumber: Int? = nil, reason: String) throws {
    do {
      guard !reason.allSatisfy(\.isWhitespace) else {
        throw CreditError("reasonMissing", "beginning anew needs a reason")
      }
      _ = try engine.write { transaction in
        let tables = ExchangeTables(snapshot: transaction.snapshot)
        _ = try tables.route(code)
        let next = (try tables.packages(of: code).last?.number ?? 0) + 1
        let first = firstNumber ?? next + 1
        guard first > next, first < ExchangePackage.maximumNumber else {
          throw CreditError(
            "invalidNumber",
            "the next package of route \(code) has number \(next + 1) to \(ExchangePackage.maximumNumber - 1)"
          )
        }
        let number = first - 1
        try ExchangeTables.put(
          ExchangePackage(
            route: code, number: number, entry: "", fromCommit: 0, toCommit: 0, puts: 0, withdrawals: 0,
            sha256: "", packed: Date()), &transaction)
        try Self.note("exchangeRestarted", reason, &transaction)
      }
    } catch { throw CreditError(wrapping: error) }
  }
}

extension ExchangePackage {
  /// Counts its changes and works out what identifies them.
  fileprivate mutating func count(in database: CreditDatabase) throws {
    var hasher = SHA256()
    (puts, withdrawals, replacements) = (0, 0, 0)
    try PackageContent(self, in: database).forEach { message in
      if message.operation == .put { puts += 1 } else { withdrawals += 1 }
      if message.replaces != nil { replacements += 1 }
      hasher.update(message)
    }
    sha256 = hasher.finalize().hexText
  }
}
