// Owns the collection of the example's month: batches of the units, the rows that were set aside, and subjects that are one.

import CityGeneration
import Console
import CreditModel
import CreditStore
import Foundation

extension CityMonth {
  /// 4. The units send their files: dirty rows among them, as they are.
  func collect() async throws {
    show(title: "四、数据征集：各单位报送 \(month) 数据")
    var receipts: [[String]] = []
    for (code, rows) in [("XZXK", 1500), ("XZCF", 700)] {
      for (place, unit) in units.enumerated() where code == "XZXK" || place != 2 {
        let receipt = try await send(code, unit, rows: place * rows..<(place + 1) * rows)
        receipts.append(row(receipt, unit, code))
      }
    }
    // One of them has nothing to report.
    try database.reportNothing(for: "XZCF", from: units[2].code, period: month)
    Terminal.table(["单位", "目录", "批次", "上报", "入库", "更新", "重复", "疑问", "未关联"], receipts)
    Terminal.line("\(units[2].name) 对行政处罚零报送。")
    try showTasks()
  }

  private func row(_ receipt: Receipt, _ unit: CityUnit, _ code: String) -> [String] {
    [unit.name, code]
      + [
        Int(receipt.batch), receipt.reported, receipt.loaded, receipt.updated, receipt.duplicate,
        receipt.questionable, receipt.unlinked,
      ].map(String.init)
  }

  private func send(_ code: String, _ unit: CityUnit, rows: Range<Int>) async throws -> Receipt {
    guard var entry = plan.entries.first(where: { $0.entry.code == code }) else {
      throw CreditError("unknownEntry", "the plan has no entry \(code)")
    }
    entry.records = rows.upperBound
    let file = CityFile(
      name: "\(code)-\(unit.number)-\(month).csv", entry: entry, unit: unit, rows: rows, isRepeat: false)
    let source = RowSource(CityRows(file, of: plan, population: population))
    var options = CollectionOptions(today: today)
    options.period = month
    options.channel = unit.number == 0 ? .database : .file
    return try await database.collect(
      .csv(named: file.name, encoding: .utf8) { source.next() }, for: code, from: unit.code, options: options)
  }

  /// 5. What was set aside: looked at, corrected where the unit knows better, judged again.
  func workOnRejects() async throws {
    show(title: "五、疑问与未关联数据：查看、补正、重新校验")
    let snapshot = database.snapshot()
    let waiting = try snapshot.batches().filter { $0.waiting > 0 }
    var shown: [[String]] = []
    var reasons: [String: Int] = [:]
    var corrected = 0
    var taken = 0
    for batch in waiting {
      var corrections: [Int: [String: String]] = [:]
      for row in try snapshot.setAsideRows(ofBatch: batch.batch) {
        for reason in row.reasons { reasons["\(reason.rule) \(reason.item)", default: 0] += 1 }
        if shown.count < 6 {
          shown.append([
            batch.file ?? "", "\(row.row)", row.state.name, row.reasons.map(\.rule).joined(separator: " "),
          ])
        }
        corrections[row.row] = correction(of: row, batch.entry)
      }
      guard !corrections.isEmpty else { continue }
      let result = try database.judgeAgain(
        batch: batch.batch, corrections: corrections, reason: "单位补正")
      corrected += result.judged
      taken += result.loaded + result.updated
    }
    Terminal.table(["文件", "行", "状态", "规则"], shown)
    Terminal.line("")
    Terminal.table(
      ["规则、数据项", "行数"],
      reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8).map { [$0.key, "\($0.value)"] })
    let left = try database.snapshot().batches().reduce(0) { $0 + $1.waiting }
    Terminal.line("补正 \(corrected) 行，入库 \(taken) 条；仍待处理 \(left) 行，原始行一行不少。")
  }

  /// What a unit says when it is called about a row whose date a spreadsheet spoilt: the day from which the decision holds.
  private func correction(of row: SetAsideRow, _ code: String) -> [String: String]? {
    let (broken, other) = code == "XZXK" ? ("XK_JDRQ", "有效期自") : ("CF_JDRQ", "CF_YXQ")
    guard Set(row.reasons.map(\.item)) == [broken], case .object(let text) = row.raw,
      let cells = try? JSONDecoder().decode([String: String].self, from: Data(text.utf8)),
      let day = cells[other].flatMap({ Day($0) })
    else { return nil }
    // A penalty ends a year after it was decided.
    let decided = code == "XZXK" ? day : Day(daysSinceEpoch: Int(day.daysSinceEpoch) - 365) ?? day
    return [broken: decided.description]
  }

  /// 6. Identifiers that are one subject's.
  func linkSubjects() async throws {
    show(title: "六、主体比对：同一主体的不同代码合并查询")
    let result = try await database.matchSubjects()
    Terminal.line("比对 \(result.examined) 个旧代码，自动关联 \(result.linked.values.reduce(0, +)) 个。")
    let first = Identifier(population.creditCode(ofBody: 3), as: .unifiedSocialCreditCode)
    let second = Identifier(population.creditCode(ofBody: 4), as: .unifiedSocialCreditCode)
    let before = try database.snapshot().records(of: first).count
    try database.link(first, second, evidence: .registrationChange, note: "个转企", by: "信用中心")
    let after = try database.snapshot().records(of: first).count
    Terminal.line("个转企登记变更：\(first.text) 关联前 \(before) 条，关联后连同 \(second.text) 共 \(after) 条。")
    let counts = try database.snapshot().subjectCounts()
    let words: [SubjectKind: String] = [
      .legalPerson: "法人", .soleTrader: "个体工商户", .otherOrganization: "其他组织", .naturalPerson: "自然人",
    ]
    Terminal.table(
      ["主体库", "主体"],
      counts.sorted { $0.value > $1.value }.map { [words[$0.key] ?? $0.key.rawValue, "\($0.value)"] })
  }

  /// 7. A unit ends: another takes over its tasks, its past stays its own.
  func mergeUnits() throws {
    let (ending, successor) = (units[3], units[0])
    show(title: "七、机构改革：\(ending.name) 撤并到 \(successor.name)")
    try database.mergeUnit(ending.code, into: successor.code, since: today, reason: "机构改革")
    do {
      try database.reportNothing(for: "XZCF", from: ending.code)
    } catch let error as CreditError {
      Terminal.line("撤并后 \(ending.name) 再报送被拒绝：\(error.code)")
    }
    let history = try database.snapshot().unitHistory(ending.code)
    Terminal.table(
      ["版本", "承接单位", "原因"],
      history.enumerated().map { ["\($0 + 1)", name($1.unit.successor), $1.note ?? ""] })
  }
}

/// Rows for a collection, which asks for them on threads of its own, one call at a time.
private final class RowSource: @unchecked Sendable {
  // Sendable because a collection makes one call at a time and has made the last one when it returns.
  private let rows: CityRows

  init(_ rows: CityRows) { self.rows = rows }

  func next() -> [UInt8]? { rows.piece() }
}
