// Goal: the register of units is a sound tree whatever is entered, keeps what units were called, and decides who may report.

import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct UnitRegisterTests {
  static let codes = ["11130300000000019B", "12130304000000027W", "91130302MA0000015N"]

  /// A city's bureau, its district office, another office, and a company.
  private static func units() -> [ReportingUnit] {
    [
      ReportingUnit(code: codes[0], name: "市场监督管理局", division: "130300"),
      ReportingUnit(code: codes[1], name: "海港区分局", parent: codes[0], division: "130302"),
      ReportingUnit(code: codes[2], name: "供水公司"),
    ]
  }

  private func fails(_ code: String, _ body: () throws -> Void) {
    #expect { try body() } throws: { ($0 as? CreditError)?.code == code }
  }

  @Test func unitsMakeATreeThatKeepsItsHistory() throws {
    let store = try StoreFixture()
    let codes = Self.codes
    #expect(try store.database.publish(Self.units()) == RegisterResult(published: 3, unchanged: 0))
    let before = store.database.snapshot()
    #expect(try store.database.publish(Self.units()) == RegisterResult(published: 0, unchanged: 3))
    #expect(store.database.snapshot().commit == before.commit)
    var renamed = Self.units()[1]
    (renamed.name, renamed.since) = ("海港区市场监督管理局", Day("2026-01-01"))
    try store.database.publish([renamed], reason: "机构改革")
    let units = try store.database.snapshot().units()
    #expect(units.roots.map(\.code) == [codes[0], codes[2]])
    #expect(units.children(of: codes[0]).map(\.name) == ["海港区市场监督管理局"])
    #expect(units.subtree(of: codes[0]).map(\.code) == [codes[0], codes[1]])
    #expect(units.ancestors(of: codes[1]).map(\.code) == [codes[0]])
    #expect(try before.units()[codes[1]]?.name == "海港区分局")
    let history = try store.database.snapshot().unitHistory(codes[1])
    #expect(history.map(\.unit.name) == ["海港区分局", "海港区市场监督管理局"])
    #expect(
      history.map(\.note) == [nil, "机构改革"] && history[0].until == history[1].commit && history[1].until == nil
    )
    fails("unknownUnit") { _ = try store.database.snapshot().unitHistory("91130302MA0000099N") }
  }

  @Test func whatIsNoSoundTreeIsRefused() throws {
    let store = try StoreFixture()
    let (database, codes) = (store.database, Self.codes)
    try database.publish(Self.units())
    let commit = database.snapshot().commit
    fails("invalidUnit") { try database.publish([ReportingUnit(code: "1113030000000001XX", name: "局")]) }
    fails("invalidUnit") { try database.publish([ReportingUnit(code: codes[0], name: " ")]) }
    fails("invalidUnit") {
      try database.publish([ReportingUnit(code: codes[0], name: "局", parent: codes[0])])
    }
    fails("invalidUnit") {
      try database.publish([ReportingUnit(code: codes[0], name: "局", division: "13030")])
    }
    fails("invalidUnit") { try database.publish([Self.units()[0], Self.units()[0]]) }
    fails("unknownUnit") {
      try database.publish([ReportingUnit(code: codes[0], name: "局", parent: "92130303MA0000023W")])
    }
    // The bureau below its own office.
    fails("unitCycle") { try database.publish([ReportingUnit(code: codes[0], name: "局", parent: codes[1])]) }
    try database.mergeUnit(codes[1], into: codes[0], since: .epoch, reason: "撤并")
    fails("unitCycle") {
      try database.mergeUnit(codes[0], into: codes[1], since: .epoch, reason: "撤并")
    }
    fails("unitClosed") { try database.mergeUnit(codes[1], into: codes[2], since: .epoch, reason: "撤并") }
    fails("reasonMissing") { try database.mergeUnit(codes[2], into: codes[0], since: .epoch, reason: "") }
    fails("unknownUnit") { try database.publish([UnitAccount(id: "a", unit: "92130303MA0000023W")]) }
    fails("invalidAccount") { try database.publish([UnitAccount(id: "", unit: codes[0])]) }
    #expect(database.snapshot().commit == commit + 1)
    #expect(try database.snapshot().units().all.count == 3)
  }

  /// Who may report to an entry that names its units: these, their offices, and whoever took over their work.
  @Test func onlyUnitsOfAnEntryReportToIt() throws {
    var entry = StoreFixture.entry
    let codes = Self.codes
    entry.units = [codes[0]]
    let store = try StoreFixture([entry, StoreFixture.keyless])
    try store.database.publish(Self.units())
    let row = ["91130302MA0000015N,文1,2021-01-01,1,x"]
    #expect(try store.collect(row, unit: codes[0]).loaded == 1)
    #expect(try store.collect(row, unit: codes[1]).duplicate == 1)
    #expect(try store.collect(row).duplicate == 1)
    let commit = store.database.snapshot().commit
    fails("unitNotAllowed") { try store.collect(row, unit: codes[2]) }
    #expect(store.database.snapshot().commit == commit)
    #expect(
      try store.collect(["91130302MA0000015N,,2021-01-01,1,x"], entry: "T0", unit: codes[2]).loaded == 1)
    // The company takes over: the bureau reports no more, its office still does.
    try store.database.mergeUnit(codes[0], into: codes[2], since: .epoch, reason: "划转")
    fails("unitClosed") { try store.collect(row, unit: codes[0]) }
    #expect(try store.collect(row, unit: codes[2]).duplicate == 1)
    #expect(try store.collect(row, unit: codes[1]).duplicate == 1)
    #expect(try store.database.snapshot().units().present(codes[0], on: .epoch) == codes[2])
    // An office below the one that ended belongs to an entry of the one that goes on, too.
    entry.units = [codes[2]]
    let units = try store.database.snapshot().units()
    #expect(units.mayReport(codes[1], to: entry, on: .epoch))
    // Entering the old file again undoes nothing; restoring does, from its day on.
    #expect(try store.database.publish(Self.units()).published == 0)
    fails("unitClosed") {
      try store.database.publish([ReportingUnit(code: codes[0], name: "市场监督管理局", successor: codes[1])])
    }
    fails("notMerged") { try store.database.restoreUnit(codes[2], since: .epoch, reason: "恢复") }
    try store.database.restoreUnit(codes[0], since: .epoch, reason: "恢复")
    #expect(try store.collect(row, unit: codes[0]).duplicate == 1)
    // A merger that lies ahead changes nothing today.
    try store.database.mergeUnit(codes[0], into: codes[2], since: .maximum, reason: "划转")
    #expect(try store.collect(row, unit: codes[0]).duplicate == 1)
  }

  /// A chain as long as a register may be is looked through once, not once for each unit.
  @Test func longChainsOfUnitsAreSound() throws {
    let store = try StoreFixture()
    let codes = (0..<20_000).map { number in
      let body = "12130304" + String(format: "%09d", number)
      return body + String(Character(UnicodeScalar(Self.checkCharacter(of: body))))
    }
    var units = codes.enumerated().map { index, code in
      ReportingUnit(code: code, name: "单位", parent: index > 0 ? codes[index - 1] : nil)
    }
    units = units.filter { $0.problem == nil }
    try #require(units.count > 1000)
    for index in units.indices { units[index].parent = index > 0 ? units[index - 1].code : nil }
    #expect(try store.database.publish(units).published == units.count)
    #expect(
      try store.database.snapshot().units().ancestors(of: units[units.count - 1].code).count == units.count
        - 1)
    units[0].parent = units[units.count - 1].code
    fails("unitCycle") { try store.database.publish(units) }
  }

  /// GB 32100-2015: weights are powers of 3 modulo 31.
  private static func checkCharacter(of body: String) -> UInt8 {
    let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)
    var (sum, weight) = (0, 1)
    for byte in body.utf8 {
      sum += (alphabet.firstIndex(of: byte) ?? 0) * weight
      weight = weight * 3 % 31
    }
    return alphabet[(31 - sum % 31) % 31]
  }

  @Test func accountsAreKeptByTheirUnits() throws {
    let store = try StoreFixture()
    try store.database.publish(Self.units())
    let accounts = (0..<671).map {
      UnitAccount(id: "account\($0)", unit: Self.units()[$0 % 3].code, name: "专管员")
    }
    #expect(try store.database.publish(accounts).published == 671)
    var last = accounts[670]
    last.isActive = false
    #expect(try store.database.publish([last, accounts[0]]) == RegisterResult(published: 1, unchanged: 1))
    let kept = try store.database.snapshot().accounts()
    #expect(kept.count == 671 && kept.filter { !$0.isActive } == [last])
    #expect(try store.database.snapshot().accounts(of: Self.codes[2]).count == 223)
    try store.database.close()
    let again = try CreditDatabase(opening: store.path, mode: .readOnly)
    #expect(try again.snapshot().accounts() == kept && again.snapshot().units().all.count == 3)
  }
}
