// Owns entering and listing routes.
// Invariants: a route that stands in the store may go where it goes: its entries exist and are shared so, and have the columns its layout names.
// Does not pack (Packing).

public import CreditModel
import SegmentStore

extension CreditDatabase {
  private static let maximumRoutes = 10_000

  /// Enters routes, or new versions of routes (交换通道登记).
  ///
  /// ```swift
  /// try database.publish([ExchangeRoute(code: "hebei-xzcf", receiver: "河北省", purpose: .upward, entries: ["XZCF"])])
  /// ```
  /// - Parameter routes: each once; to end one, enter it as not active.
  /// - Throws: `CreditError`: `invalidRoute`, `unknownEntry`, `notShared` for an entry that may not go this way, `wrongLayout`, `limit`; nothing changes
  ///   then.
  @discardableResult
  public func publish(_ routes: [ExchangeRoute]) throws -> RegisterResult {
    do {
      if let problem = routes.lazy.compactMap(\.problem).first { throw CreditError("invalidRoute", problem) }
      guard Set(routes.map(\.code)).count == routes.count else {
        throw CreditError("invalidRoute", "the same route stands twice")
      }
      return try engine.write { transaction in
        let known = try ExchangeTables(snapshot: transaction.snapshot).routes()
        let old = Dictionary(known.map { ($0.code, $0) }, uniquingKeysWith: { _, last in last })
        for route in routes {
          // What the receiver has by law and what it has by consent is taken back in different ways.
          if let known = old[route.code], known.purpose != route.purpose || known.receiver != route.receiver,
            known.purpose == .authorized || route.purpose == .authorized
          {
            throw CreditError(
              "invalidRoute",
              "route \(route.code) cannot become authorized, cease to be, or go to another receiver: enter another one"
            )
          }
        }
        for route in routes where route.isActive {
          for code in route.entries {
            try check(route, code, transaction.snapshot)
          }
        }
        guard Set(old.keys).union(routes.map(\.code)).count <= Self.maximumRoutes else {
          throw CreditError("limit", "a store has at most \(Self.maximumRoutes) routes")
        }
        let changed = routes.filter { old[$0.code] != $0 }
        for route in changed { try ExchangeTables.put(route, &transaction) }
        if !changed.isEmpty { try Self.note("exchangeRoutes", nil, &transaction) }
        return RegisterResult(published: changed.count, unchanged: routes.count - changed.count)
      }.value
    } catch { throw CreditError(wrapping: error) }
  }

  /// Whether an entry may go the way of a route, as it is now and as its newest version will have it; asked again whenever something is packed, because
  /// entries change.
  func check(_ route: ExchangeRoute, _ code: String, _ snapshot: EngineSnapshot) throws {
    let newest = try catalogue.entry(code, asOf: snapshot).entry
    let present = try? catalogue.entry(code, on: Self.today()).entry
    for entry in [newest, present].compactMap(\.self) {
      if let refusal = route.refusal(of: entry) {
        throw CreditError("notShared", "route \(route.code): \(refusal)")
      }
    }
    if route.purpose == .authorized, newest.recordKey.isEmpty {
      throw CreditError(
        "notShared",
        "route \(route.code): entry \(code) has no record key, so that a record could not be taken back without giving it once more"
      )
    }
    _ = try ExchangeColumns(route, newest)
  }
}

extension CreditSnapshot {
  /// All routes, by code.
  public func exchangeRoutes() throws -> [ExchangeRoute] {
    do { return try ExchangeTables(snapshot: engine).routes() } catch { throw CreditError(wrapping: error) }
  }
}
