// Goal: what policy hides is in no byte that is given out, whichever way somebody asks: records, lists, names, conditions, figures, reports, portraits, scores,
// events, cases, statements, the log, and the texts of refusals and errors.
// Method: random records in every state, with a token of their own in every item; random roles; everything each way of reading gives is searched for tokens
// that the rules, written out once more in `TokenWorld`, hide. Figures are compared with the records that are shown.

@testable import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct WaysOfReadingTests {
  private static let person = "130302199001010016"

  /// What was given out, as bytes.
  private struct Output {
    var text = ""

    mutating func add(_ body: () throws -> some Encodable) {
      do { text += String(decoding: try JSONEncoder().encode(try body()), as: UTF8.self) } catch {
        text += "\(error)"
      }
      text += "\n"
    }
  }

  private static let model = IndicatorModel(
    id: "M", version: 1, name: "评价", basePoints: 0,
    indicators: [
      .init(id: "A", name: "行政", category: "administrative", points: 1, maximumPoints: 10),
      .init(id: "T", name: "税务", category: "tax", item: "I2", words: ["tok"], points: 1, maximumPoints: 10),
    ], grades: [.init(grade: "A", fromPoints: 0)])

  /// Every way of reading that shows the present.
  private static func present(
    _ session: AccessSession, _ world: TokenWorld, watching list: String, _ random: inout SeededGenerator
  ) -> String {
    var output = Output()
    for subject in world.subjects {
      output.add { try session.records(of: subject) }
      output.add { try session.check(subject) }
      output.add { try session.report(ReportRequest(subject: subject)) }
      output.add {
        ReportPage(try session.report(ReportRequest(subject: subject, template: .noViolation))).html
      }
      output.add { try session.financing(of: subject) }
      output.add { try session.portrait(of: subject) }
      output.add { try session.evaluate(subject, by: model) }
      output.add { try session.commitments(of: subject) }
      output.add { try session.repairs(of: subject) }
      output.add { try session.objections(of: subject) }
      output.add { try session.consents(of: subject) }
      output.add { try session.accesses(to: subject) }
    }
    output.add { try session.check(world.subjects) }
    output.add { try session.catalogue(limit: 1000) }
    for entry in world.entries {
      output.add { try session.publicList(entry.code) }
      output.add { try session.catalogueEntry(entry.code) }
      for item in ["NO", "NAME", "I0", "I1", "I2", "M"].shuffled(using: &random).prefix(2) {
        output.add {
          try session.records(matching: RecordQuestion([entry.code], where: "\(item) contains 'tok'"))
        }
        output.add {
          try session.records(matching: RecordQuestion([entry.code], order: ["-\(item)"], limit: 1000))
        }
        output.add {
          try session.figures(
            FigureQuestion(
              [entry.code], groupedBy: [item], measures: ["count", "min:\(item)", "max:\(item)"]))
        }
      }
      output.add {
        var all: [ShownRecord] = []
        try session.forEachPage(of: RecordQuestion([entry.code], limit: 1)) { piece in
          all += piece
          return true
        }
        return all
      }
    }
    output.add {
      try session.publicityStatement(of: Month(year: 2026, month: 5) ?? Day.epoch.month, entries: ["E0"])
    }
    output.add { try session.use() }
    output.add { try session.measureUse() }
    output.add { try session.liftedMeasures(since: .minimum) }
    output.add { try session.overdueRepairs() }
    output.add { try session.overdueCommitments() }
    output.add { try session.events(of: list) }
    return output.text
  }

  private static func names(_ session: AccessSession) -> String {
    var output = Output()
    output.add { try session.find("tok", limit: 200) }
    return output.text
  }

  private static func past(_ session: AccessSession, _ world: TokenWorld) -> String {
    var output = Output()
    let last = world.fixture.platform.database.snapshot().commit
    for subject in world.subjects {
      for entry in world.entries { output.add { try session.history(of: subject, entry: entry.code) } }
      for commit in [last / 2, last] {
        output.add { try session.records(of: subject, asOf: .commit(commit)) }
      }
    }
    return output.text
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func hiddenTokensNeverComeOut(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let world = try TokenWorld(seed: seed)
    let fixture = world.fixture
    // Somebody who sees all watches first: what another one is told of the same list is what it may see itself.
    for round in 0..<12 {
      let role = world.randomRole(&random)
      try fixture.keeper.publish([role])
      try fixture.keeper.assign([RoleAssignment(account: "clerk", roles: [role.id])])
      let session = try fixture.session("clerk", .counter, consent: role.audience == .authorized ? "C" : nil)
      try Self.watchFromTheBeginning("W\(round)", session, world)
      let present = Self.present(session, world, watching: "W\(round)", &random)
      for token in world.tokens where present.contains(token.text) {
        #expect(world.isVisible(token, to: role), "\(token) under \(role)")
      }
      // Former names are given to the centre alone.
      let names = Self.names(session)
      for token in world.tokens where names.contains(token.text) {
        let isPast = role.audience == .centre
        #expect(world.isVisible(token, to: role, past: isPast), "\(token) by name under \(role)")
      }
      let past = Self.past(session, world)
      for token in world.tokens where past.contains(token.text) {
        #expect(world.isVisible(token, to: role, past: true), "\(token) of the past under \(role)")
      }
    }
    #expect(world.seenSomething, "no role saw anything: the test tells nothing")
    try fixture.platform.close()
  }

  /// Enters a list whose events begin with the first record.
  private static func watchFromTheBeginning(_ id: String, _ session: AccessSession, _ world: TokenWorld)
    throws
  {
    let subjects = world.subjects.map { Identifier(detecting: $0, on: world.fixture.day.value) }
    let list = WatchList(id: id, name: "监测", subjects: subjects)
    let database = world.fixture.platform.database
    _ = try database.change("watch") { snapshot, changes in
      try changes.put(DocumentKind.watch, id, OwnedList(list: list, account: "clerk"))
      let start = try database.snapshot(asOf: 1).changeToken()
      try changes.put(DocumentKind.watchPlace, id, WatchPlace(token: start, number: 0))
    }
  }

  /// Figures are those of the records that are shown, whichever way they are worked out.
  @Test(arguments: [1, 2, 3] as [UInt64]) func figuresAreThoseOfWhatIsShown(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed &+ 100)
    let world = try TokenWorld(seed: seed)
    let fixture = world.fixture
    var compared = 0
    var counted = 0
    for _ in 0..<25 {
      var role = world.randomRole(&random)
      role.audience =
        [.everybody, .government, .government, .centre].randomElement(using: &random) ?? .centre
      role.scope = role.scope ?? .all
      try fixture.keeper.publish([role])
      try fixture.keeper.assign([RoleAssignment(account: "clerk", roles: [role.id])])
      let session = try fixture.session("clerk", .counter)
      for entry in world.entries {
        let item = ["NO", "NAME", "I0", "I1", "I2"].randomElement(using: &random) ?? "NO"
        let condition = ["\(item) contains 'tok'", "\(item) is not null", "DAY >= 2026-05-04"].randomElement(
          using: &random)
        let question = FigureQuestion(
          [entry.code], where: condition, groupedBy: ["$unit", "month(DAY)"],
          measures: ["count", "distinct:\(item)", "max:DAY"])
        let answers: [Figures]
        do {
          answers = try session.perform(.statistics) { reading, _ in
            let figuring = try Figuring(question, reading)
            return [try figuring.figures(), try figuring.figures(recordByRecord: true)]
          }
        } catch is AccessRefusal { continue } catch let error as CreditError where error.code == "unknownItem"
        {
          // What everybody is told of an item they may not see.
          #expect(role.audience == .everybody)
          continue
        }
        #expect(answers[0].rows == answers[1].rows, "\(role) \(question)")
        // From the records themselves, without either.
        var shown: [ShownRecord] = []
        for subject in world.subjects { shown += try session.records(of: subject) }
        let named = shown.filter { record in
          record.entry == entry.code && record[item] != nil
            && (condition?.hasPrefix("DAY") != true || record["DAY"] ?? "" >= "2026-05-04")
        }
        let groups = Dictionary(grouping: named) { [$0.unit ?? "", String(($0["DAY"] ?? "").prefix(7))] }
        let expected = groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, records in
          Figures.Row(
            group: key,
            measures: [
              String(records.count), String(Set(records.compactMap { $0[item] }).count),
              records.compactMap { $0["DAY"] }.max(),
            ])
        }
        #expect(answers[0].rows == expected, "\(role) \(question)")
        compared += 1
        counted += named.count
      }
    }
    #expect(compared > 50 && counted > 50, "\(compared) questions, \(counted) records")
    try fixture.platform.close()
  }
}
