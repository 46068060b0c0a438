// Goal: decisions of market regulators are measured by seven and by twenty working days, those of other units by seven alone.
// Method: a calendar without holidays, so that working days are the days from Monday to Friday; decisions on both sides of both limits, found by counting back.

import CreditApplications
import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct SecondLimitTests {
  /// The last day after which so many days from Monday to Friday have passed by the end of another.
  private static func day(_ count: Int, before end: Day) -> Day {
    var (day, passed) = (Int(end.daysSinceEpoch), 0)
    while passed < count {
      // The epoch was a Thursday.
      if (day + 3) % 7 < 5 { passed += 1 }
      day -= 1
    }
    return Day(daysSinceEpoch: day) ?? .epoch
  }

  @Test func marketRegulatorsHaveTwoLimits() throws {
    // What is reported comes today, whatever day it is.
    let today = CreditDatabase.today()
    let fixture = try PlatformFixture(on: "\(today)")
    try fixture.enterAccounts()
    try fixture.keeper.publish(
      try WorkingCalendar(
        years: (today.components.year - 1...today.components.year + 1).map {
          .init(year: $0, off: [], worked: [])
        }))
    try fixture.keeper.publish([
      AccessRole(id: "report", name: "报送", audience: .government, actions: [.collect], scope: .ownUnit)
    ])
    try fixture.keeper.assign([
      RoleAssignment(account: "market", roles: ["report"]),
      RoleAssignment(account: "nobody", roles: ["report"]),
    ])
    let days = [7, 8, 20, 21].map { "\(Self.day($0, before: today))" }
    for account in ["market", "nobody"] {
      let rows = days.enumerated().map { place, day in
        PlatformFixture.penalty(PlatformFixture.body, "\(account)\(place)", day: day)
      }
      let text = ([PlatformFixture.penaltyHeader] + rows).joined(separator: "\n") + "\n"
      let file = try fixture.folder.write("\(account).csv", Data(text.utf8))
      #expect(try fixture.session(account).collect(file, for: "XZCF").loaded == 4)
    }
    let statements = try fixture.session("centre").publicityStatement(
      of: today.month, entries: ["XZCF"])
    let market = try #require(statements.first { $0.unit == PlatformFixture.market })
    #expect((market.dated, market.timely, market.timelyBySecondLimit) == (4, 1, 3))
    #expect((market.secondLimitWorkingDays, market.secondTimelyRate) == (20, 75))
    let centre = try #require(statements.first { $0.unit == PlatformFixture.centre })
    #expect((centre.dated, centre.timely, centre.timelyBySecondLimit) == (4, 1, nil))
    #expect(centre.secondLimitWorkingDays == nil && centre.secondTimelyRate == nil)
    let json = String(decoding: try JSONEncoder().encode(market), as: UTF8.self)
    #expect(json.contains("\"secondTimelyRate\":75") && json.contains("\"timelyBySecondLimit\":3"))
    #expect(try JSONDecoder().decode(PublicityStatement.self, from: Data(json.utf8)) == market)
    try fixture.platform.close()
  }
}
