// Owns the rows in which routes, packages, receipts and packages that came in are stored.
// Invariants: a route, a package, a line of a receipt has one current row; earlier ones stay readable. No row names a subject: packages end with
// commits, lines name changes by a number.
// Does not check what the rows say.

import CreditModel
import Foundation
import SegmentStore

struct ExchangeTables {
  let snapshot: EngineSnapshot

  // MARK: Routes

  /// All routes, by code.
  func routes() throws -> [ExchangeRoute] {
    var routes: [ExchangeRoute] = []
    guard try snapshot.mayHaveRows(of: SystemDatasets.exchangeRoutes.dataset) else { return [] }
    try DatasetScan(snapshot, schema: SystemDatasets.exchangeRoutes).forEach { row in
      routes.append(try Self.read(row.string(1), "a route"))
    }
    return routes.sorted { $0.code.utf8.lexicographicallyPrecedes($1.code.utf8) }
  }

  /// The route with a code.
  func route(_ code: String) throws -> ExchangeRoute {
    let schema = SystemDatasets.exchangeRoutes
    for row in try snapshot.currentRows(of: SystemDatasets.key(named: code), schema: schema) {
      let cells = try row.cells(schema)
      if cells[0].string == code { return try Self.read(cells[1].string, "a route") }
    }
    throw CreditError("unknownRoute", "there is no route \(code)")
  }

  static func put(_ route: ExchangeRoute, _ transaction: inout WriteTransaction) throws {
    try UnitTable.replace(
      route.code, SystemDatasets.exchangeRoutes, [.text(route.code), .text(try text(route))], &transaction)
  }

  // MARK: Packages

  /// The packages of a route, by number.
  func packages(of route: String) throws -> [ExchangePackage] {
    let schema = SystemDatasets.exchangePackages
    let rows = try snapshot.currentRows(of: SystemDatasets.key(named: route), schema: schema)
    return try rows.map { row in
      var package: ExchangePackage = try Self.read(try row.cells(schema)[2].string, "a package")
      package.batch = row.system.batch
      return package
    }.filter { $0.route == route }.sorted { $0.number < $1.number }
  }

  /// The number of the last package of a route, without reading what the packages say.
  func lastNumber(of route: String) throws -> Int? {
    let schema = SystemDatasets.exchangePackages
    let rows = try snapshot.currentRows(of: SystemDatasets.key(named: route), schema: schema)
    return try rows.compactMap { row in
      let cells = try row.cells(schema)
      return cells[0].string == route ? cells[1].number.map(Int.init(clamping:)) : nil
    }.max()
  }

  /// A package of a route.
  func package(_ number: Int, of route: String) throws -> ExchangePackage {
    guard let package = try packages(of: route).first(where: { $0.number == number }) else {
      throw CreditError("unknownPackage", "route \(route) has no package \(number)")
    }
    return package
  }

  static func put(_ package: ExchangePackage, _ transaction: inout WriteTransaction) throws {
    let schema = SystemDatasets.exchangePackages
    let key = SystemDatasets.key(named: package.route)
    for row in try transaction.snapshot.currentRows(of: key, schema: schema) {
      let cells = try row.cells(schema)
      if cells[0].string == package.route, cells[1].number == Int64(package.number) {
        transaction.supersede(row.address)
      }
    }
    try transaction.append(
      schema, key: key, batch: package.batch ?? transaction.commit,
      payload: RowPayload.encode(
        [.text(package.route), .integer(Int64(package.number)), .text(try text(package))]))
  }

  // MARK: Lines of receipts

  /// What receipts say of single changes of a package, by number of the change.
  func lines(of package: Int, _ route: String) throws -> [String: ExchangeReceipt.Line] {
    let schema = SystemDatasets.exchangeLines
    var lines: [String: ExchangeReceipt.Line] = [:]
    for row in try snapshot.currentRows(of: Self.lineKey(route, package), schema: schema) {
      let cells = try row.cells(schema)
      guard cells[0].string == Self.name(route, package), let id = cells[1].string,
        let state = cells[2].string.flatMap(ExchangeReceipt.State.init(rawValue:))
      else { continue }
      lines[id] = ExchangeReceipt.Line(id: id, state: state, code: cells[3].string, message: cells[4].string)
    }
    return lines
  }

  /// Puts lines in the place of those there are for the same changes.
  static func put(
    _ lines: [ExchangeReceipt.Line], of package: Int, _ route: String, _ transaction: inout WriteTransaction
  ) throws {
    let schema = SystemDatasets.exchangeLines
    let key = lineKey(route, package)
    let ids = Set(lines.map(\.id))
    for row in try transaction.snapshot.currentRows(of: key, schema: schema) {
      let cells = try row.cells(schema)
      if cells[0].string == name(route, package), let id = cells[1].string, ids.contains(id) {
        transaction.supersede(row.address)
      }
    }
    for line in lines {
      try transaction.append(
        schema, key: key, batch: transaction.commit,
        payload: RowPayload.encode([
          .text(name(route, package)), .text(line.id), .text(line.state.rawValue),
          line.code.map { .text($0) } ?? .null, line.message.map { .text($0) } ?? .null,
        ]))
    }
  }

  private static func name(_ route: String, _ package: Int) -> String { "\(route)|\(package)" }

  private static func lineKey(_ route: String, _ package: Int) -> UInt128 {
    SystemDatasets.key(named: name(route, package))
  }

  // MARK: Packages that came in

  /// The last package that came in from a sender's route.
  func lastReceived(from sender: String, route: String) throws -> Int? {
    let schema = SystemDatasets.exchangeReceived
    let name = Self.senderName(sender, route)
    for row in try snapshot.currentRows(of: SystemDatasets.key(named: name), schema: schema) {
      let cells = try row.cells(schema)
      if cells[0].string == name, cells[2].string == nil { return cells[1].number.map(Int.init(clamping:)) }
    }
    return nil
  }

  /// A package that came in, with the lines of its receipt.
  func received(_ package: Int, from sender: String, route: String) throws -> ReceivedPackage? {
    let schema = SystemDatasets.exchangeReceived
    let name = Self.senderName(sender, route)
    for row in try snapshot.currentRows(
      of: SystemDatasets.key(named: Self.name(name, package)), schema: schema)
    {
      let cells = try row.cells(schema)
      guard cells[0].string == name, cells[1].number == Int64(package) else { continue }
      var received: ReceivedPackage = try Self.read(cells[2].string, "a package that came in")
      received.receipt.lines = try lines(of: package, name).values.sorted { $0.id < $1.id }
      return received
    }
    return nil
  }

  /// All packages that came in, by sender, route and number, without the lines of their receipts.
  func received() throws -> [ReceivedPackage] {
    var received: [ReceivedPackage] = []
    guard try snapshot.mayHaveRows(of: SystemDatasets.exchangeReceived.dataset) else { return [] }
    try DatasetScan(snapshot, schema: SystemDatasets.exchangeReceived).forEach { row in
      guard let text = try row.string(2) else { return }
      received.append(try Self.read(text, "a package that came in"))
    }
    return received.sorted {
      ($0.sender, $0.route, $0.package) < ($1.sender, $1.route, $1.package)
    }
  }

  /// Keeps a package as the last one that came in.
  static func put(_ received: ReceivedPackage, _ transaction: inout WriteTransaction) throws {
    let schema = SystemDatasets.exchangeReceived
    let name = senderName(received.sender, received.route)
    let key = SystemDatasets.key(named: name)
    for row in try transaction.snapshot.currentRows(of: key, schema: schema)
    where try row.cells(schema)[0].string == name { transaction.supersede(row.address) }
    var summary = received
    summary.receipt.lines = []
    for (key, text) in [
      (key, nil), (SystemDatasets.key(named: Self.name(name, received.package)), try text(summary)),
    ] {
      try transaction.append(
        schema, key: key, batch: transaction.commit,
        payload: RowPayload.encode([
          .text(name), .integer(Int64(received.package)), text.map { .text($0) } ?? .null,
        ]))
    }
    try put(received.receipt.lines, of: received.package, name, &transaction)
  }

  static func senderName(_ sender: String, _ route: String) -> String { "\(sender)|\(route)" }

  // MARK: JSON

  private static func read<Result: Decodable>(_ text: String?, _ what: String) throws -> Result {
    guard let text, let result = try? JSONDecoder().decode(Result.self, from: Data(text.utf8)) else {
      throw StoreError(.damaged, "\(what) cannot be read")
    }
    return result
  }

  private static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
