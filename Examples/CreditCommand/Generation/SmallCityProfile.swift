// Owns a small city: registrations, permits and penalties from several units, with dirty rows of every rule, a file in
// GB 18030 and a file that is sent twice.
// Invariants: everything follows from the seed; each kind of dirty row appears in every large file.

import CityGeneration
import CreditModel
import CreditStore
import Foundation

struct SmallCityProfile {
  let folder: String
  let records: Int
  let seed: UInt64

  private static let units: [(code: String, name: String)] = [
    ("11130300000000019B", "秦皇岛市市场监督管理局"), ("11130300000000027W", "秦皇岛市生态环境局"),
    ("11130300000000035Q", "秦皇岛市交通运输局"), ("11130300000000043J", "秦皇岛市应急管理局"),
  ]
  private static let trades = ["餐饮", "建材", "物流", "科技", "商贸", "文化传媒", "机械制造", "水产", "旅游", "装饰工程"]
  private static let names = ["海港", "山海", "燕赵", "渤海", "长城", "北戴", "联峰", "鸽子窝", "金梦", "汤河"]

  /// A subject with name and code.
  private struct Body {
    var name: String
    var code: String
    var registered: Day
  }

  func write(progress: (Double) -> Void) throws -> GenerationSummary {
    var random = SeededRandom(seed: seed)
    let units = Self.units.map { unit -> (code: String, name: String) in
      (CodeMaker.creditCode(prefix: "11130300", body: Array(unit.code.utf8)[8..<16].map { $0 }), unit.name)
    }
    let records = max(40, records)
    let bodyCount = max(10, records / 4)
    var bodies: [Body] = []
    for index in 0..<bodyCount {
      let kind = random.below(10) < 7 ? "91" : random.below(3) == 0 ? "93" : "92"
      let suffix = kind == "91" ? "有限公司" : kind == "92" ? "经营部" : "专业合作社"
      bodies.append(
        Body(
          name: "秦皇岛" + random.pick(Self.names) + random.pick(Self.trades) + "\(index + 1)号" + suffix,
          code: CodeMaker.creditCode(&random, kind: kind),
          registered: Day(daysSinceEpoch: 10_000 + random.below(9000)) ?? .epoch))
    }
    progress(0.1)
    var files = try registrations(bodies, &random)
    progress(0.3)
    let permits = records * 3 / 8
    for (index, unit) in units.enumerated() {
      files += try acts(.permit, permits / units.count, bodies, unit, index, &random)
      progress(0.3 + 0.3 * Double(index + 1) / Double(units.count))
    }
    let penalties = records - bodyCount - permits
    for (index, unit) in units.enumerated() {
      files += try acts(.penalty, penalties / units.count, bodies, unit, index, &random)
      progress(0.6 + 0.4 * Double(index + 1) / Double(units.count))
    }
    // The same file once more: every row must come back as a duplicate.
    let again = "/04_penalties_1_again.csv"
    try? FileManager.default.removeItem(atPath: folder + again)
    try FileManager.default.copyItem(atPath: folder + "/03_penalties_1.csv", toPath: folder + again)
    try writeCatalogue()
    let unitList = "code,name\n" + units.map { "\($0.code),\($0.name)\n" }.joined()
    try Data(unitList.utf8).write(to: URL(fileURLWithPath: folder + "/units.csv"))
    return GenerationSummary(files: files + 3, records: records, entries: 3, units: units.count)
  }

  private func writeCatalogue() throws {
    let entries = [
      CatalogueEntry.enterpriseRegistration, .administrativePermit2018, .administrativePenalty2018,
    ]
    let texts = entries.map { String(decoding: $0.encodedJSON(), as: UTF8.self) }
    try Data(("[" + texts.joined(separator: ",\n") + "]\n").utf8)
      .write(to: URL(fileURLWithPath: folder + "/catalogue.json"))
  }

  private func registrations(_ bodies: [Body], _ random: inout SeededRandom) throws -> Int {
    let entry = CatalogueEntry.enterpriseRegistration
    let writer = try CSVWriter(folder + "/01_registrations.csv")
    try writer.write(entry.items.map(\.name))
    let scopes = ["食品销售", "技术服务", "货物进出口", "道路货物运输", "建筑材料销售", "住宿服务", "广告设计、代理", "会议及展览服务"]
    for (index, body) in bodies.enumerated() {
      var code = body.code
      var date = body.registered.description
      // A few codes with a wrong check character (they load with a warning), lower case, or none at all.
      if index % 997 == 5 { code = String(code.dropLast()) + (code.hasSuffix("A") ? "B" : "A") }
      if index % 499 == 7 { code = code.lowercased() }
      if index % 1499 == 11 { code = "无" }
      if index % 1999 == 13 { date = "2021-02-30" }
      try writer.write([
        body.name, code, date, body.code.hasPrefix("92") ? "个体工商户" : "有限责任公司", "负责人\(index % 3000)",
        "\(1 + random.below(5000))万人民币",
        (0..<(2 + random.below(4))).map { _ in random.pick(scopes) }.joined(separator: "；") + "。", "河北",
        "秦皇岛",
        "秦皇岛市海港区\(random.pick(Self.names))路\(1 + random.below(300))号",
      ])
    }
    // A ragged row closes the file.
    try writer.write(raw: "缺少单元格的行,91130302MA0000015N,2020-01-01")
    try writer.close()
    return 1
  }

  private enum Act { case permit, penalty }

  private func acts(
    _ act: Act, _ count: Int, _ bodies: [Body], _ unit: (code: String, name: String), _ unitIndex: Int,
    _ random: inout SeededRandom
  ) throws -> Int {
    let isPermit = act == .permit
    let entry = isPermit ? CatalogueEntry.administrativePermit2018 : .administrativePenalty2018
    let name = (isPermit ? "/02_permits_" : "/03_penalties_") + "\(unitIndex + 1)"
    // One unit still works with an old system that writes GB 18030.
    let isOld = isPermit && unitIndex == 2
    let writer = try CSVWriter(
      folder + name + (isOld ? ".gb18030.csv" : ".csv"), encoding: isOld ? .gb18030 : .utf8)
    try writer.write(entry.items.map { unitIndex.isMultiple(of: 2) ? $0.id : $0.name })
    for index in 0..<count {
      var row =
        isPermit
        ? permit(index, random.pick(bodies), unit, &random)
        : penalty(index, random.pick(bodies), unit, &random)
      if index % 211 == 17 { DirtyRows.spoil(&row, isPermit: isPermit, fault: index / 211) }
      try writer.write(entry.items.map { row[$0.id] ?? "" })
    }
    try writer.close()
    return 1
  }

  private func party(_ prefix: String, _ body: Body, _ random: inout SeededRandom) -> [String: String] {
    var row: [String: String] = [:]
    if random.below(8) == 0 {
      row["\(prefix)_XDR_MC"] = "自然人\(random.below(5000))"
      row["\(prefix)_XDR_LB"] = PartyClass.naturalPerson.rawValue
      row["\(prefix)_XDR_ZJLX"] = "身份证"
      row["\(prefix)_XDR_ZJHM"] = CodeMaker.identityNumber(&random)
    } else {
      row["\(prefix)_XDR_MC"] = body.name
      row["\(prefix)_XDR_LB"] =
        body.code.hasPrefix("92") ? PartyClass.soleTrader.rawValue : PartyClass.body.rawValue
      row["\(prefix)_XDR_SHXYM"] = body.code
      row["\(prefix)_FRDB"] = "负责人\(random.below(3000))"
    }
    return row
  }

  private func permit(
    _ index: Int, _ body: Body, _ unit: (code: String, name: String), _ random: inout SeededRandom
  ) -> [String: String] {
    var row = party("XK", body, &random)
    let day = 18_262 + random.below(1400)
    let kind = random.pick(["食品经营许可", "道路运输经营许可", "排污许可", "特种设备使用登记"])
    row["XK_XKWS"] = kind + "决定书"
    row["XK_WSH"] = "冀秦许字〔\(2020 + (day - 18_262) / 365)〕第\(index + 1)号"
    row["XK_XKLB"] = random.pick(["普通", "核准", "登记", "认可", "其他-备案"])
    row["XK_NR"] = "准予" + kind
    row["XK_JDRQ"] = date(day, index)
    row["XK_YXQZ"] = date(day, index)
    row["XK_YXQZI"] = random.below(4) == 0 ? "2099/12/31" : date(day + 1095, index)
    row["XK_XKJG"] = unit.name
    row["XK_XKJGDM"] = unit.code
    row["XK_ZT"] = "1"
    row["XK_LYDW"] = unit.name
    row["XK_LYDWDM"] = unit.code
    return row
  }

  private func penalty(
    _ index: Int, _ body: Body, _ unit: (code: String, name: String), _ random: inout SeededRandom
  ) -> [String: String] {
    var row = party("CF", body, &random)
    let day = 18_262 + random.below(1400)
    let yuan = (1 + random.below(500)) * 100
    row["CF_WSH"] = "冀秦罚字〔\(2020 + (day - 18_262) / 365)〕第\(index + 1)号"
    row["CF_WFXW"] = random.pick(["未按规定公示", "超范围经营", "违规排放", "超限超载"])
    row["CF_SY"] = "当事人" + (row["CF_WFXW"] ?? "")
    row["CF_YJ"] = "《中华人民共和国行政处罚法》第二十八条"
    if random.below(3) == 0 {
      row["CF_CFLB"] = "警告"
      row["CF_NR"] = "警告"
    } else {
      row["CF_CFLB"] = random.below(4) == 0 ? "罚款;没收违法所得" : "罚款"
      row["CF_NR"] = "罚款人民币\(yuan)元"
      row["CF_NR_FK"] = FixedDecimal(units: Int64(yuan) * 100, scale: 6).description
      if row["CF_CFLB"] != "罚款" { row["CF_NR_WFFF"] = "0.05" }
    }
    row["CF_JDRQ"] = date(day, index)
    row["CF_YXQ"] = date(day + 365, index)
    row["CF_GSJZQ"] = date(day + 365, index)
    row["CF_CFJG"] = unit.name
    row["CF_CFJGDM"] = unit.code
    row["CF_SJLY"] = unit.name
    row["CF_SJLYDM"] = unit.code
    return row
  }

  /// A date in one of the forms units write.
  private func date(_ day: Int, _ index: Int) -> String {
    let value = Day(daysSinceEpoch: day) ?? .epoch
    let (year, month, dayOfMonth) = value.components
    switch index % 5 {
    case 0: return value.description.replacingOccurrences(of: "-", with: "/")
    case 1: return "\(year)年\(month)月\(dayOfMonth)日"
    case 2: return value.description + " 00:00:00"
    default: return value.description
    }
  }
}

/// Rows that break a rule, one rule after the other.
enum DirtyRows {
  static func spoil(_ row: inout [String: String], isPermit: Bool, fault: Int) {
    let prefix = isPermit ? "XK" : "CF"
    switch fault % 12 {
    case 0: row["\(prefix)_WSH"] = ""  // V01
    case 1: row["\(prefix)_XDR_LB"] = "企业"  // V02
    case 2: row["\(prefix)_XDR_SHXYM"] = "91130302MA0000015A"  // V03
    case 3:  // V04
      row["\(prefix)_XDR_LB"] = PartyClass.naturalPerson.rawValue
      row["\(prefix)_XDR_SHXYM"] = ""
      row["\(prefix)_XDR_ZJLX"] = "身份证"
      row["\(prefix)_XDR_ZJHM"] = "130302199002290013"
    case 4: row["\(prefix)_XDR_ZJHM"] = "130302199001010016"  // V05, a warning
    case 5: row[isPermit ? "XK_LYDWDM" : "CF_SJLYDM"] = "00000000000000000X"  // V06
    case 6: row["\(prefix)_JDRQ"] = "2999-01-01"  // V07
    case 7: row[isPermit ? "XK_YXQZI" : "CF_YXQ"] = "2001-01-01"  // V08
    case 8: row[isPermit ? "XK_XKLB" : "CF_CFLB"] = "没有这个类别"  // V09, V10
    case 9:  // V11, a warning, and V12 for permits
      if isPermit { row["XK_ZT"] = "状态太长了" } else { row["CF_NR"] = "罚款0.3元" }
    case 10: row["\(prefix)_XDR_SHXYM"] = "暂无"  // V13: nothing left to find the subject by
    default: row["\(prefix)_JDRQ"] = "1.30302E+17"  // does not convert
    }
  }
}
