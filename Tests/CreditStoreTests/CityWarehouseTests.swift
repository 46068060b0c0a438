// Goal: the questions that a city's statistics ask of its warehouse (counts, shares, averages, one year beside the one before) can be asked of the query API,
// and the answers are those of adding up the files by hand.
// Method: two filled tables of a real city's warehouse, collected as they are; the oracle is plain Swift over the cells of the files. Skipped without
// the real material.

import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct CityWarehouseTests {
  private static let subjects = CatalogueEntry(
    code: "SCZT", name: "市场主体信息", subject: ["uni_social_crd_cd"], subjectName: "comp_nm",
    recordKey: ["main_identi_id"], eventDate: "est_dt", invalidIdentifier: .warn,
    items: [
      CatalogueItem(id: "main_identi_id", name: "主体标识"), CatalogueItem(id: "reg_org", name: "登记机关"),
      CatalogueItem(id: "comp_type", name: "企业类型"), CatalogueItem(id: "reg_state", name: "登记状态", type: .code),
      CatalogueItem(
        id: "uni_social_crd_cd", name: "统一社会信用代码", identifier: .unifiedSocialCreditCode),
      CatalogueItem(id: "comp_nm", name: "名称"),
      CatalogueItem(id: "est_dt", name: "成立日期", type: .date), CatalogueItem(id: "pro_loc", name: "所在地"),
    ])

  private static let reports = CatalogueEntry(
    code: "NBZC", name: "企业年报资产信息", subject: ["uni_social_crd_cd"], subjectName: "comp_nm",
    recordKey: ["annual_id"], invalidIdentifier: .warn,
    items: [
      CatalogueItem(id: "annual_id", name: "年报标识"),
      CatalogueItem(id: "annual_year", name: "年度", type: .integer),
    ]
      + [
        ("asset_zmt", "资产总额"), ("debt_amt", "负债总额"), ("opt_income_total", "营业总收入"), ("tax_total", "纳税总额"),
      ].map { CatalogueItem(id: $0.0, name: $0.1, type: .integer) }
      + [
        CatalogueItem(
          id: "uni_social_crd_cd", name: "统一社会信用代码", identifier: .unifiedSocialCreditCode),
        CatalogueItem(id: "comp_nm", name: "名称"),
      ])

  /// The rows of a file, cells by the names of its header; quotes as RFC 4180 has them.
  private static func rows(_ path: String) throws -> [[String: String]] {
    var (records, row, cell): ([[String]], [String], String) = ([], [], "")
    var isQuoted = false
    for character in try String(contentsOfFile: path, encoding: .utf8) + "\n" {
      switch character {
      case "\"": isQuoted.toggle()
      case "," where !isQuoted:
        row.append(cell)
        cell = ""
      case "\n" where !isQuoted, "\r\n" where !isQuoted:
        row.append(cell)
        if row != [""] { records.append(row) }
        (row, cell) = ([], "")
      default: cell.append(character)
      }
    }
    let header = records.first?.map { $0.trimmingCharacters(in: ["\u{FEFF}"]) } ?? []
    return records.dropFirst().map { Dictionary(zip(header, $0), uniquingKeysWith: { first, _ in first }) }
  }

  private struct Warehouse {
    let store: StoreFixture
    let subjects: [[String: String]]
    let reports: [[String: String]]

    func answer(
      _ entry: String, _ groups: [String], _ measures: [String], where filter: String? = nil
    ) throws -> [[String]] {
      let query = try AggregateQuery(
        entries: [entry], filter: filter.map { try Filter(parsing: $0) },
        groups: groups.map { try AggregateQuery.Group(parsing: $0) },
        measures: measures.map { try AggregateQuery.Measure(parsing: $0) })
      return try store.database.snapshot().aggregate(query).rows.map { row in
        (Array(row.group) + Array(row.measures)).map { cell in
          switch cell {
          case .null: "-"
          case .integer(let number): String(number)
          case .text(let text): text
          case .boolean(let flag): String(flag)
          }
        }
      }
    }
  }

  private func warehouse() throws -> Warehouse? {
    guard let folder = RealData.path("city-warehouse", for: "questions of a city's warehouse") else {
      return nil
    }
    let store = try StoreFixture([Self.subjects, Self.reports])
    let files = (folder + "/dw_zj_scjdgl_scztxx.csv", folder + "/dw_nb_scjdgl_qynbzcxx.csv")
    let first = try store.database.collectBlocking(.csv(files.0), for: "SCZT")
    let second = try store.database.collectBlocking(.csv(files.1), for: "NBZC")
    let warehouse = Warehouse(store: store, subjects: try Self.rows(files.0), reports: try Self.rows(files.1))
    #expect(first.loaded == warehouse.subjects.count && first.loaded == 999)
    #expect(second.loaded == warehouse.reports.count && second.loaded == 3996)
    return warehouse
  }

  private static func bytes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  /// How many subjects there are of each kind, state, place and year, and which share of them is gone.
  @Test func countsAndShares() throws {
    guard let warehouse = try warehouse() else { return }
    for item in ["comp_type", "reg_state", "reg_org", "pro_loc"] {
      let counts = Dictionary(grouping: warehouse.subjects) { $0[item] ?? "" }.mapValues(\.count)
      let expected = counts.keys.sorted(by: Self.bytes).map { [$0, String(counts[$0] ?? 0)] }
      #expect(try warehouse.answer("SCZT", [item], ["count"]) == expected, "\(item)")
    }
    let years = Dictionary(grouping: warehouse.subjects) { String(($0["est_dt"] ?? "").prefix(4)) }
    #expect(
      try warehouse.answer("SCZT", ["year(est_dt)"], ["count"])
        == years.keys.sorted().map { [$0, String(years[$0]?.count ?? 0)] })
    // The share of a place that was struck off: two questions, one of them with a filter.
    let all = try warehouse.answer("SCZT", ["pro_loc"], ["count"])
    let gone = Dictionary(
      uniqueKeysWithValues: try warehouse.answer("SCZT", ["pro_loc"], ["count"], where: "reg_state = '注销'")
        .map {
          ($0[0], Int($0[1]) ?? 0)
        })
    for row in all {
      let place = warehouse.subjects.filter { $0["pro_loc"] == row[0] }
      let share = Double(place.count { $0["reg_state"] == "注销" }) / Double(place.count)
      #expect(Double(gone[row[0]] ?? 0) / (Double(row[1]) ?? 1) == share)
    }
  }

  /// Income and taxes of each year beside the year before, debts beside assets, subjects registered in each month of two years.
  @Test func oneYearBesideTheOneBefore() throws {
    guard let warehouse = try warehouse() else { return }
    let found = try warehouse.answer(
      "NBZC", ["annual_year"],
      [
        "count", "sum:opt_income_total", "sum:tax_total", "sum:debt_amt", "sum:asset_zmt",
        "avg:opt_income_total",
      ])
    #expect(found.map { $0[0] } == ["2020", "2021", "2022", "2023"])
    func sum(_ year: String, _ item: String) -> Int {
      warehouse.reports.filter { $0["annual_year"] == year }.reduce(0) { $0 + (Int($1[item] ?? "") ?? 0) }
    }
    var growth: [String: Double] = [:]
    for (row, before) in zip(found, [nil] + found.map { $0 }) {
      let items = ["opt_income_total", "tax_total", "debt_amt", "asset_zmt"]
      #expect(row[2...5].map { $0 } == items.map { String(sum(row[0], $0)) }, "\(row[0])")
      let (total, count) = (sum(row[0], "opt_income_total"), Int(row[1]) ?? 1)
      // Half up, to four places.
      let scaled = (2 * total * 10_000 + count) / (2 * count)
      let places = String(scaled % 10_000 + 10_000).dropFirst()
      #expect(row[6] == "\(scaled / 10_000).\(places)")
      if let before, let last = Double(before[2]), let this = Double(row[2]) {
        growth[row[0]] = (this - last) / last
        let expected =
          Double(sum(row[0], "opt_income_total")) / Double(sum(before[0], "opt_income_total")) - 1
        #expect(abs((growth[row[0]] ?? 0) - expected) < 1e-12)
      }
    }
    #expect(growth.count == 3)
    let months = try warehouse.answer("SCZT", ["month(est_dt)"], ["count"], where: "est_dt >= 2020-01-01")
    let expected = Dictionary(
      grouping: warehouse.subjects.compactMap { $0["est_dt"] }.filter { $0 >= "2020" }
    ) {
      String($0.prefix(7))
    }
    #expect(months == expected.keys.sorted().map { [$0, String(expected[$0]?.count ?? 0)] })
    let subjects = Set(
      warehouse.reports.filter { $0["tax_total"] == "0" }.compactMap { $0["uni_social_crd_cd"] })
    #expect(
      try warehouse.answer("NBZC", [], ["distinct:uni_social_crd_cd"], where: "tax_total = 0")
        == [[String(subjects.count)]])
  }
}
