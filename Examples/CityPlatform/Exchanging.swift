// Owns what the example's city sends to the province and what comes back, and the figures at the end of the month.

import CityGeneration
import Console
import CreditModel
import CreditStore
import Foundation

extension CityMonth {
  /// 8. Up to the province, which checks what comes; what it refuses is corrected, or goes again.
  func exchange() async throws {
    show(title: "八、上报省平台：打包、发送、回执、更正与重报")
    let province = try makeProvince()
    defer { try? province.close() }
    let outbox = folder + "/outbox"
    try FileManager.default.createDirectory(atPath: outbox, withIntermediateDirectories: true)
    try database.publish([
      ExchangeRoute(
        code: "hebei", receiver: "河北省公共信用信息平台", purpose: .upward, entries: ["XZXK", "XZCF"])
    ])
    for package in try database.pack("hebei") { try await send(package, to: province, outbox) }
    try showRefused()
    // One refused fine was written in yuan; one penalty was revoked. Both go by themselves.
    let refused = try refusedRecords()
    let kept = try database.snapshot().records(matching: RecordQuery(entries: ["XZCF"], limit: 1)).records
    guard let slip = refused.first, let revoked = kept.first else { return }
    _ = try database.correct(
      "XZCF", subject: slip.subject, key: slip.key, reason: "金额单位误填，由元改为万元",
      changes: ["CF_NR_FK": .decimal(FixedDecimal(units: 500_000, scale: 6))])
    _ = try database.withdraw("XZCF", subject: revoked.subject, key: revoked.key, reason: "处罚决定被撤销")
    for package in try database.pack("hebei") { try await send(package, to: province, outbox) }
    // The province looked into the others and lifted its limit: what it refused goes again.
    try publish(limit: "100", version: 3, in: province)
    for package in try database.snapshot().packages(ofRoute: "hebei") where package.rejected > 0 {
      if let again = try database.packAgain(package.number, of: "hebei") {
        try await send(again, to: province, outbox)
      }
    }
    try showPackages()
    let there = try province.snapshot().records(of: revoked.subject, entry: "XZCF").map(\.key)
    Terminal.line(
      "被撤销的处罚在省平台\(there.contains(revoked.key) ? "仍在展示" : "已停用")；省平台共 \(try province.statistics().records) 条。"
    )
  }

  private func showPackages() throws {
    let words: [ExchangePackage.State: String] = [
      .packed: "待发送", .sent: "已发送", .accepted: "已接收", .partlyRejected: "部分退回", .rejected: "退回",
    ]
    Terminal.table(
      ["包", "目录", "重报", "上报", "停用", "状态", "退回"],
      try database.snapshot().packages(ofRoute: "hebei").map {
        [
          "\($0.number)", $0.entry, $0.repeats.map { "第 \($0) 包" } ?? "", "\($0.puts)", "\($0.withdrawals)",
          words[$0.state] ?? "", "\($0.rejected)",
        ]
      })
  }

  /// Penalties that the province refused.
  private func refusedRecords() throws -> [CreditRecord] {
    let large = try Filter(parsing: "CF_NR_FK > \(Self.largestFine)")
    return try database.snapshot().records(
      matching: RecordQuery(entries: ["XZCF"], filter: large, order: [.init("CF_NR_FK", isDescending: true)])
    ).records
  }

  private func showRefused() throws {
    let snapshot = database.snapshot()
    let statuses = try refusedRecords().prefix(3).map { record in
      (record, try snapshot.exchangeStatuses(of: record).first)
    }
    Terminal.line("省平台退回罚款超过 \(Self.largestFine) 万元的处罚，待核实：")
    Terminal.table(
      ["文书号", "罚款（万元）", "单条状态", "规则"],
      statuses.map { record, status in
        [
          record["CF_WSH"]?.canonicalText ?? "", record["CF_NR_FK"]?.canonicalText ?? "",
          status?.state.rawValue ?? "", status?.code ?? "",
        ]
      })
  }

  /// Fines above which the province of the example wants to be asked, in 万元.
  private static let largestFine = "4.9"

  /// The province's own store, whose catalogue asks more of penalties than the city's.
  private func makeProvince() throws -> CreditDatabase {
    try CreditDatabase.create(at: folder + "/province")
    let province = try CreditDatabase(opening: folder + "/province", mode: .readWrite())
    try publish(limit: Self.largestFine, version: 2, in: province)
    return province
  }

  private func publish(limit: String, version: Int, in province: CreditDatabase) throws {
    var entry = CatalogueEntry.administrativePenalty2018
    entry.version = version
    entry.rules = [
      EntryRule(
        id: "HB01", when: [RuleClause("CF_NR_FK", .present)],
        require: [RuleClause("CF_NR_FK", .atMost, to: limit)], message: "罚款金额异常，请核实单位是否为万元")
    ]
    try province.catalogue.publish(entry)
  }

  private func send(
    _ package: ExchangePackage, to province: CreditDatabase, _ outbox: String
  ) async throws {
    try database.snapshot().write(package, to: outbox)
    try database.noteSent(package.number, of: "hebei")
    let manifest = outbox + "/" + package.fileName + ".json"
    let received = try await province.receive(manifest: manifest, from: centre.code)
    try database.note(received.receipt)
  }

  /// 9. What the month was worth: counters, quality, points, and who has to be reminded.
  func assess() throws {
    show(title: "九、统计与考核")
    let snapshot = database.snapshot()
    Terminal.table(
      ["单位", "渠道", "批次", "上报", "入库率", "疑问率", "未关联率"],
      try snapshot.collectionStatistics(by: [.unit, .channel]).map { row in
        [name(row.group[0]), row.group[1] ?? "", "\(row.batches)", "\(row.reported)"]
          + [row.loadingRate, row.questionableRate, row.unlinkedRate].map { $0.map { "\($0)" } ?? "—" }
      })
    Terminal.line("")
    Terminal.table(
      ["单位", "完整率", "准确率", "任务完成率", "得分"],
      try snapshot.scorecards(days: firstDay...today, on: today).map { card in
        func share(_ figure: ScorecardRule.Figure) -> String {
          Self.bar(card.lines.first { $0.rule.figure == figure }?.share)
        }
        return [
          name(card.unit), share(.completeness), share(.accuracy), share(.tasks),
          "\(card.points) / \(card.possible)",
        ]
      })
    Terminal.line("")
    let overdue = try snapshot.overdueTasks(on: today, dueFrom: firstDay)
    for task in overdue {
      Terminal.line("催报：\(name(task.unit)) 的 \(task.task.entry) \(task.period)，截止 \(task.due)")
    }
    let statistics = try database.statistics()
    Terminal.line(
      "全库 \(statistics.records) 条记录，\(statistics.subjects) 个主体，\(statistics.entries) 项目录，每条 \(Int(statistics.bytesPerRecord)) 字节。"
    )
  }
}
