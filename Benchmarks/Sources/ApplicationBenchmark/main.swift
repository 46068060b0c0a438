// Owns the measurement of what services ask the platform: checks, records, reports, names, conditions, figures, public lists.
// Usage: ApplicationBenchmark FOLDER; makes a store of its own there (20,000 bodies, 125,500 records), prints one JSON object. Each call goes the way a
// service goes: rights are looked up, records read through them, a line of the access log written. Of two passes the second counts.

import CreditApplications
import CreditModel
import CreditStore
import Foundation

guard CommandLine.arguments.count == 2 else {
  print("usage: ApplicationBenchmark FOLDER")
  exit(2)
}
let world = try BenchmarkWorld(folder: CommandLine.arguments[1])
let platform = try CreditPlatform(opening: world.store, mode: .readWrite())
let counter = try platform.session(
  Caller(account: "window", portal: .counter, purpose: "投标资格审查", caseNumber: "1"))
let visitor = try platform.session(.visitor)

func microseconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  let duration = ContinuousClock.now - start
  return Double(duration.components.attoseconds) / 1e12 + Double(duration.components.seconds) * 1e6
}

var result: [String: Any] = ["subjects": world.subjects.count, "records": world.records]

/// Notes the median and the hundredth slowest of calls, in microseconds, and how much they gave.
@MainActor func measure(_ name: String, _ subjects: some Collection<String>, _ body: (String) throws -> Int)
  rethrows
{
  for subject in subjects { _ = try body(subject) }
  var found = 0
  let times = try subjects.map { subject in try microseconds { found += try body(subject) } }.sorted()
  result[name] = [
    "calls": times.count, "p50Microseconds": times[times.count / 2],
    "p99Microseconds": times[min(times.count - 1, times.count * 99 / 100)], "found": found,
  ]
}

let some = Array(world.subjects.prefix(2000))
try measure("check", some) { try counter.check($0, matter: "政府采购").measures.count }
try measure("checkOfAll", ["once", "again"]) { _ in
  try counter.check(world.subjects).reduce(0) { $0 + $1.measures.count }
}
try measure("records", some) { try counter.records(of: $0).count }
try measure("publicRecords", some) { try visitor.records(of: $0).count }
try measure("reportData", some.prefix(500)) { subject in
  try counter.report(ReportRequest(subject: subject)).content.sections.reduce(0) { $0 + $1.records.count }
}
let report = try counter.report(ReportRequest(subject: some[0]))
measure("reportPage", some.prefix(500)) { _ in ReportPage(report).html.utf8.count }
try measure("largeReportData", [world.largest]) { subject in
  try counter.report(ReportRequest(subject: subject)).content.sections.reduce(0) { $0 + $1.records.count }
}
let large = try counter.report(ReportRequest(subject: world.largest))
measure("largeReportPage", [world.largest]) { _ in ReportPage(large).html.utf8.count }
try measure("portrait", some.prefix(500)) { try counter.portrait(of: $0).events.count }
try measure("find", (0..<50).map { "城市企业\($0)" }) { try visitor.find($0).subjects.count }
try measure("conditionPage", (0..<20).map { "2026-0\(1 + $0 % 4)-1\($0 % 9)" }) { day in
  try counter.records(
    matching: RecordQuestion(
      ["XZCF"], where: "CF_JDRQ = \(day) and CF_CFLB contains '罚款'", order: ["-CF_JDRQ"])
  ).records.count
}
try measure("publicListPage", (0..<20).map(String.init)) { _ in try visitor.publicList("XZXK").records.count }
let figures = FigureQuestion(
  ["XZCF"], groupedBy: ["month(CF_JDRQ)", "$unit"], measures: ["count", "sum:CF_NR_FK"])
try measure("figures", (0..<20).map(String.init)) { _ in try counter.figures(figures).rows.count }
let decisive = FigureQuestion(["XZCF"], where: "CF_WSH startsWith '1000'", groupedBy: ["month(CF_JDRQ)"])
try measure("figuresRecordByRecord", ["once", "again"]) { _ in try counter.figures(decisive).rows.count }
try platform.close()
let json = try JSONSerialization.data(withJSONObject: result, options: [.sortedKeys, .prettyPrinted])
print(String(decoding: json, as: UTF8.self))
