// Owns the store the measurement works on: bodies with permits, penalties and memberships, units and accounts, a memorandum.
// Invariants: the same store each time.

import CreditApplications
import CreditModel
import CreditStore
import Foundation

struct BenchmarkWorld {
  private static let organ = "11130300000000019B"

  let store: String
  /// Every fortieth is on a list.
  let subjects: [String]
  /// The one with five thousand records.
  let largest: String
  var records = 0

  init(folder: String) throws {
    store = folder + "/store"
    subjects = (0..<20_000).map { Self.code(serial: $0) }
    largest = Self.code(serial: 20_000)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try CreditPlatform.create(at: store)
    let database = try CreditDatabase(opening: store, mode: .readWrite())
    try database.publish([ReportingUnit(code: Self.organ, name: "市场监督管理局")])
    try database.publish([UnitAccount(id: "window", unit: Self.organ)])
    records += try Self.collect(permits, "XZXK", folder, database)
    records += try Self.collect(penalties, "XZCF", folder, database)
    records += try Self.collect(memberships, "YZSX", folder, database)
    try database.close()
    let platform = try CreditPlatform(opening: store, mode: .readWrite())
    let keeper = try platform.keeperSession(name: "benchmark", purpose: "测量")
    try keeper.publish([
      AccessRole(
        id: "counter", name: "窗口", audience: .government, actions: [.query, .screen, .report, .statistics],
        scope: .all)
    ])
    try keeper.assign([RoleAssignment(account: "window", roles: ["counter"])])
    try keeper.publish(
      [],
      [
        Memorandum(
          id: "采购", title: "联合惩戒", basis: "备忘录",
          triggers: [.init(entry: "YZSX", item: "YZSX_MD", words: ["失信被执行人"])], measures: ["M06", "M07"],
          matters: ["政府采购"], from: Day(year: 2020, month: 1, day: 1) ?? .epoch)
      ])
    try platform.close()
  }

  private static func collect(
    _ lines: [String], _ entry: String, _ folder: String, _ database: CreditDatabase
  ) throws -> Int {
    let file = folder + "/\(entry).csv"
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(fileURLWithPath: file))
    let receipt = try database.collectBlocking(.csv(file), for: entry, from: organ)
    guard receipt.loaded == lines.count - 1 else {
      throw CreditError("failed", "not all rows load: \(receipt)")
    }
    return receipt.loaded
  }

  private static func day(_ number: Int) -> String {
    "2026-0\(1 + number % 4)-\(number % 28 < 9 ? "0" : "")\(number % 28 + 1)"
  }

  private var permits: [String] {
    let header = CatalogueEntry.administrativePermit2018.items.map(\.id)
    return [header.joined(separator: ",")]
      + (0..<60_000).map { number in
        let values = [
          "XK_XDR_MC": "城市企业\(number % 20_000)有限公司", "XK_XDR_LB": "法人及非法人组织",
          "XK_XDR_SHXYM": subjects[number % 20_000], "XK_FRDB": "李四", "XK_XKWS": "准予许可决定书",
          "XK_WSH": "许\(number)",
          "XK_XKLB": "普通", "XK_NR": "准予经营", "XK_JDRQ": Self.day(number), "XK_YXQZ": Self.day(number),
          "XK_YXQZI": "2099-12-31", "XK_XKJG": "市场监督管理局", "XK_XKJGDM": Self.organ, "XK_ZT": "1",
          "XK_LYDW": "市场监督管理局", "XK_LYDWDM": Self.organ,
        ]
        return header.map { values[$0] ?? "" }.joined(separator: ",")
      }
  }

  private var penalties: [String] {
    let header = CatalogueEntry.administrativePenalty2018.items.map(\.id)
    return [header.joined(separator: ",")]
      + (0..<65_000).map { number in
        let owner = number < 60_000 ? subjects[number % 20_000] : largest
        let values = [
          "CF_XDR_MC": "城市企业\(number < 60_000 ? number % 20_000 : 20_000)有限公司", "CF_XDR_LB": "法人及非法人组织",
          "CF_XDR_SHXYM": owner, "CF_FRDB": "李四", "CF_WSH": "\(100_000 + number)", "CF_WFXW": "占道经营",
          "CF_SY": "当事人在公共场所占道经营", "CF_YJ": "城市市容和环境卫生管理条例第十四条", "CF_CFLB": number % 3 == 0 ? "警告;罚款" : "罚款",
          "CF_NR": "罚款一千元", "CF_NR_FK": "0.1", "CF_JDRQ": Self.day(number), "CF_YXQ": "2099-12-31",
          "CF_CFJG": "城市管理局", "CF_CFJGDM": Self.organ, "CF_SJLY": "城市管理局", "CF_SJLYDM": Self.organ,
        ]
        return header.map { values[$0] ?? "" }.joined(separator: ",")
      }
  }

  private var memberships: [String] {
    ["YZSX_MC,YZSX_SHXYM,YZSX_MD,YZSX_WSH,YZSX_RQ"]
      + (0..<500).map { "城市企业\($0 * 40)有限公司,\(subjects[$0 * 40]),失信被执行人,\($0),2026-01-01" }
  }

  /// A unified social credit code with a right check character (GB 32100-2015).
  private static func code(serial: Int) -> String {
    let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY")
    let digits = String(serial)
    let body = "91130302" + "MA" + String(repeating: "0", count: 7 - digits.utf8.count) + digits
    var (sum, weight) = (0, 1)
    for character in body {
      sum += (alphabet.firstIndex(of: character) ?? 0) * weight
      weight = weight * 3 % 31
    }
    return body + String(alphabet[(31 - sum % 31) % 31])
  }
}
