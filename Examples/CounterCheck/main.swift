// Owns the example of a counter in a service hall: who may not take part in a tender, and why, in well under a millisecond, with every look in the log.
// It imports the applications alone, as a service does. Run it without arguments; it makes a store of its own and takes it away again.

import CreditApplications
import Foundation

let folder = FileManager.default.temporaryDirectory.appending(path: "counter-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }
let store = folder.appending(path: "store").path
try CreditPlatform.create(at: store)
let platform = try CreditPlatform(opening: store, mode: .readWrite())

// MARK: What the centre sets up once

let (market, procurement) = ("11130300000000019B", "12130304000000027W")
let keeper = try platform.keeperSession(name: "setup", purpose: "演示")
try keeper.enter(
  [
    ReportingUnit(code: market, name: "市场监督管理局", division: "130300"),
    ReportingUnit(code: procurement, name: "公共资源交易中心", division: "130300"),
  ],
  [UnitAccount(id: "wang", unit: market), UnitAccount(id: "li", unit: procurement)])
try keeper.publish([
  AccessRole(id: "reporter", name: "报送员", audience: .government, actions: [.collect], scope: .ownUnit),
  AccessRole(
    id: "counter", name: "窗口核查", audience: .government, actions: [.screen, .query, .measure], scope: .all),
])
try keeper.assign([
  RoleAssignment(account: "wang", roles: ["reporter"]), RoleAssignment(account: "li", roles: ["counter"]),
])
guard let from = Day("2020-01-01") else { exit(1) }
try keeper.publish(
  [],
  [
    Memorandum(
      id: "采购", title: "政府采购领域联合惩戒", basis: "政府采购法第二十二条",
      triggers: [.init(entry: "YZSX", item: "YZSX_MD", words: ["重大税收违法", "政府采购严重违法"])],
      measures: ["M01", "M06"], matters: ["政府采购"], from: from)
  ])

// MARK: What a unit reports

let lists = folder.appending(path: "lists.csv").path
let bodies = ["93130321MA0000031N", "92130303MA0000023W", "91130302MA0000015N"]
try """
YZSX_MC,YZSX_SHXYM,YZSX_MD,YZSX_SY,YZSX_WSH,YZSX_RQ,YZSX_YCRQ
某农业合作社,\(bodies[0]),重大税收违法失信主体,虚开发票,冀税〔2026〕1号,2026-02-01,
某商行,\(bodies[1]),政府采购严重违法失信,围标,冀财〔2025〕7号,2025-03-01,2026-03-01

""".write(toFile: lists, atomically: true, encoding: .utf8)
let batch = try platform.session(Caller(account: "wang", portal: .government, purpose: "名单报送")).collect(
  lists, for: "YZSX")
print("市场监督管理局报送 \(batch.reported) 条，入库 \(batch.loaded) 条")

// MARK: The counter

let counter = try platform.session(
  Caller(account: "li", portal: .counter, purpose: "投标资格审查", terminal: "窗口 7", caseNumber: "2026-0117"))
for body in bodies {
  let check = try counter.check(body, matter: "政府采购")
  print("\n\(body)：\(check.isClear ? "未发现需要采取措施的情形" : "应采取措施")")
  for membership in check.memberships {
    print("  在列：\(membership.list)，自 \(membership.since?.description ?? "-")")
  }
  for due in check.measures { print("  措施 \(due.measure) \(due.name)（\(due.basis)，备忘录“\(due.memorandum)”）") }
}
let first = try counter.check(bodies[0], matter: "政府采购")
if let due = first.measures.first {
  try counter.report(
    "2026-0117-1", of: bodies[0], due, because: first.memberships[due.membership], result: "取消投标资格")
}

// How long a check takes, with rights, reading and the log.
var microseconds: [Double] = []
for number in 0..<2000 {
  let start = ContinuousClock.now
  _ = try counter.check(bodies[number % bodies.count], matter: "政府采购")
  let took = ContinuousClock.now - start
  microseconds.append(Double(took.components.attoseconds) / 1e12 + Double(took.components.seconds) * 1e6)
}
microseconds.sort()
print("\n一次核查：中位数 \(Int(microseconds[1000])) 微秒，百分之九十九 \(Int(microseconds[1980])) 微秒")

// MARK: Afterwards

do {
  _ = try platform.session(Caller(account: "wang", portal: .government, purpose: "好奇")).check(bodies[0])
} catch let refusal as AccessRefusal {
  print("报送员核查被拒绝：\(refusal.rule.rawValue)")
}
print("谁查过 \(bodies[0])：\(try keeper.accesses(to: bodies[0]).count) 次")
let log = try platform.verifyLog()
print("访问日志 \(log.lines) 行，\(log.isSound ? "链完整" : "链被破坏")")
try platform.close()
