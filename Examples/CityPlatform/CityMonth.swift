// Owns the city of the example: its store, its units and its catalogue, and the month for which they report.
// Invariants: the same rows each time; the month is the one before today's, so that its deadlines are near.

import CityGeneration
import Console
import CreditModel
import CreditStore
import Foundation

/// The city, and what its centre does in a month; each step is in a file of its own.
struct CityMonth {
  let folder: String
  let database: CreditDatabase
  let plan: CityPlan
  let population: CityPopulation
  let today = CreditDatabase.today()
  /// The month that is reported, such as `2026-10`.
  let month: String
  /// The first day of it.
  let firstDay: Day

  /// The units that take part: three of the city, and one that will end.
  var units: [CityUnit] { Array(plan.units.prefix(4)) }
  /// The credit centre itself.
  var centre: CityUnit { plan.units[plan.units.count - 1] }

  init(folder: String) throws {
    self.folder = folder
    plan = CityPlan(records: 12_000, entries: 60, seed: 2026)
    population = CityPopulation(bodies: plan.bodies, persons: plan.persons, seed: plan.seed)
    let cycle = ReportingCycle.monthly
    let thisMonth = cycle.period(of: today)
    let dayBefore = Day(daysSinceEpoch: Int((thisMonth?.first ?? today).daysSinceEpoch) - 1) ?? today
    let period = cycle.period(of: dayBefore)
    month = period?.label ?? ""
    firstDay = period?.first ?? today
    try CreditDatabase.create(at: folder + "/city")
    database = try CreditDatabase(opening: folder + "/city", mode: .readWrite())
  }

  func close() throws { try database.close() }

  func show(title: String) {
    Terminal.line("\n" + (isatty(1) == 1 ? "\u{1B}[1m\(title)\u{1B}[0m" : title))
  }

  /// Share in a hundred as a bar, for people.
  static func bar(_ share: Double?) -> String {
    guard let share else { return "—" }
    let filled = Int((max(0, min(100, share)) / 10).rounded())
    return String(repeating: "█", count: filled) + String(repeating: "░", count: 10 - filled) + " \(share)"
  }

  /// A name for a unit's code.
  func name(_ unit: String?) -> String {
    plan.units.first { $0.code == unit }?.name ?? unit ?? "—"
  }

  // MARK: Units, catalogue, tasks

  /// 1. Who reports: units below the city, and their accounts.
  func registerUnits() throws {
    show(title: "一、单位登记：\(units.count) 个报送单位，\(units.count * 2) 个账号")
    var register = [ReportingUnit(code: centre.code, name: "信用中心", division: "130300")]
    register += units.map {
      ReportingUnit(code: $0.code, name: $0.name, parent: centre.code, division: $0.division)
    }
    try database.publish(register, reason: "平台上线")
    let accounts = units.flatMap { unit in
      ["填报", "审核"].map { (role: String) in
        UnitAccount(id: "\(unit.number)-\(role)", unit: unit.code, name: role)
      }
    }
    try database.publish(accounts)
    Terminal.table(["单位", "代码", "区划"], register.map { [$0.name, $0.code, $0.division ?? ""] })
  }

  /// 2. What is reported: national templates stand in the store already; an entry of the city's own goes through review.
  func reviewCatalogue() throws {
    show(title: "二、目录管理：国家模板已内置，地方补充目录先审核后发布")
    var entry = try municipal()
    try database.catalogue.submit(entry, by: "\(units[1].number)-填报", note: "新增地方目录")
    let reviews = try database.catalogue.reviews()
    Terminal.table(
      ["待审目录", "版本", "提交人"], reviews.map { [$0.entry.code, "\($0.entry.version)", $0.submitter] })
    try database.catalogue.approve(entry.code, by: "信用中心", reason: "要素齐全")
    // A second version asks more than the first: what that means for records is looked at before it is published.
    entry.version = 2
    entry.rules = [rule]
    let check = try database.catalogue.check(entry)
    try database.catalogue.publish(entry)
    Terminal.line("第 2 版新增一条校验规则；现有 \(check.records) 条记录受检，发布。")
    let coverage = try database.catalogueCoverage(by: .category)
    Terminal.table(
      ["信息类别", "目录", "数据项"], coverage.map { [$0.key ?? "—", "\($0.entries)", "\($0.items)"] })
  }

  /// The city's own entry of the example.
  func municipal() throws -> CatalogueEntry {
    guard let entry = plan.entries.first(where: { $0.entry.level == .municipal })?.entry else {
      throw CreditError("failed", "the plan has no entry of the city's own")
    }
    return entry.with(\.units, units.map(\.code))
  }

  private var rule: EntryRule {
    EntryRule(
      id: "Q01", require: [RuleClause("WSH", .matches, to: ".{1,60}")], message: "文书号不超过 60 字")
  }

  /// 3. Who has to report what by when.
  func defineTasks() throws {
    show(title: "三、征集任务：\(month) 月报，许可、处罚月后 45 日内报齐，地方目录月末报齐")
    var tasks: [CollectionTask] = []
    for unit in units {
      tasks += ["XZXK", "XZCF"].map {
        CollectionTask(unit: unit.code, entry: $0, cycle: .monthly, dueDays: 45, from: firstDay)
      }
    }
    tasks.append(
      CollectionTask(
        unit: units[1].code, entry: try municipal().code, cycle: .monthly, dueDays: 0, from: firstDay))
    try database.publish(tasks)
    try showTasks()
  }

  /// What became of the tasks of the month.
  func showTasks() throws {
    let statuses = try database.snapshot().taskStatuses(on: today, dueFrom: firstDay)
    let words: [TaskStatus.State: String] = [.done: "已完成", .late: "逾期完成", .open: "待报送", .overdue: "逾期未报"]
    Terminal.table(
      ["单位", "目录", "所属期", "截止", "状态", "上报", "待处理"],
      statuses.filter { $0.period == month }.map {
        [
          name($0.unit), $0.task.entry, $0.period, $0.due.description, words[$0.state] ?? "",
          "\($0.reported)",
          "\($0.waiting)",
        ]
      })
  }
}
