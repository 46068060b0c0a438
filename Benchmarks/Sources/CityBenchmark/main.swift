// Owns the measurement of a whole city in one store: opening it, subjects, questions over its largest entries, names, catalogue.
// Usage: CityBenchmark STORE [SUBJECTS [REPETITIONS]]; the store comes from `credit generate STORE --store`. Prints one JSON object; each figure but those of opening and
// of the first search is of a second pass, and `reportAgain` of a subject that was asked for just before.

import CreditModel
import CreditStore
import Foundation

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
  print("usage: CityBenchmark STORE [SUBJECTS [REPETITIONS]]")
  exit(2)
}
let wanted = arguments.count > 2 ? Int(arguments[2]) ?? 2000 : 2000
/// How often a subject is asked for once more.
let repetitions = arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
var result: [String: Any] = [:]

func milliseconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  let elapsed = (ContinuousClock.now - start).components
  return Double(elapsed.seconds) * 1e3 + Double(elapsed.attoseconds) / 1e15
}

func quantile(_ times: [Double], _ share: Double) -> Double {
  let sorted = times.sorted()
  return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}

/// Bytes of memory this process holds.
func residentBytes() -> Int {
  guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
  return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}

var opened: CreditDatabase?
result["openMilliseconds"] = try milliseconds {
  opened = try CreditDatabase(opening: arguments[1], mode: .readOnly)
}
guard let database = opened else { exit(1) }
result["openResidentMiB"] = residentBytes() >> 20
let snapshot = database.snapshot()

/// Subjects as they registered, spread over all that did.
var subjects: [Identifier] = []
var query = RecordQuery(entries: ["QYDJ"], limit: 10_000)
let pages = 40
for page in 0..<pages where subjects.count < wanted {
  let found = try snapshot.records(matching: query)
  let step = max(1, found.records.count * pages / max(1, wanted) / 2)
  subjects += stride(from: page % step, to: found.records.count, by: step).map { found.records[$0].subject }
  guard let next = found.next else { break }
  query.cursor = next
}
result["subjects"] = subjects.count
var reports: [(records: Int, milliseconds: Double)] = []
for pass in 0..<2 {
  for subject in subjects {
    var count = 0
    let time = try milliseconds { count = try snapshot.records(of: subject).count }
    if pass == 1 { reports.append((count, time)) }
  }
}
var again: [Double] = []
for subject in subjects {
  _ = try snapshot.records(of: subject)
  for _ in 0..<repetitions {
    again.append(try milliseconds { _ = try snapshot.records(of: subject) })
  }
}
result["reportAgainP50Milliseconds"] = quantile(again, 0.5)
result["reportAgainP99Milliseconds"] = quantile(again, 0.99)
let times = reports.map(\.milliseconds)
result["reportRecordsMean"] = Double(reports.reduce(0) { $0 + $1.records }) / Double(max(1, reports.count))
result["reportP50Milliseconds"] = quantile(times, 0.5)
result["reportP99Milliseconds"] = quantile(times, 0.99)
result["reportMicrosecondsPerRecord"] =
  times.reduce(0, +) * 1e3 / Double(max(1, reports.reduce(0) { $0 + $1.records }))
var counts: [Double] = []
for pass in 0..<2 {
  for subject in subjects {
    let time = try milliseconds { _ = try snapshot.recordCounts(of: subject) }
    if pass == 1 { counts.append(time * 1e3) }
  }
}
result["countP50Microseconds"] = quantile(counts, 0.5)
result["countP99Microseconds"] = quantile(counts, 0.99)

/// Questions over entries of many records.
let questions: [(name: String, query: AggregateQuery)] = try [
  (
    "unitByMonth",
    AggregateQuery(
      entries: ["XYD-YDXX"], groups: [.init(parsing: "$unit"), .init(parsing: "YDXX_NY")],
      measures: [.init(parsing: "count"), .init(parsing: "sum:YDXX_YJ")])
  ),
  (
    "byEntry",
    AggregateQuery(entries: [], groups: [.init(parsing: "$entry")], measures: [.init(parsing: "count")])
  ),
  (
    "penaltiesOverOneMillion",
    AggregateQuery(
      entries: ["XZCF"], filter: try Filter(parsing: "CF_NR_FK > 4 and CF_CFLB contains '罚款'"),
      groups: [.init(parsing: "year(CF_JDRQ)")],
      measures: [.init(parsing: "count"), .init(parsing: "sum:CF_NR_FK")])
  ),
]
for question in questions {
  result[question.name + "FirstMilliseconds"] = try milliseconds {
    _ = try snapshot.aggregate(question.query)
  }
  var rows = 0
  result[question.name + "Milliseconds"] = try milliseconds {
    rows = try snapshot.aggregate(question.query).rows.count
  }
  result[question.name + "Groups"] = rows
}
result["nameFirstMilliseconds"] = try milliseconds { _ = try snapshot.subjects(named: "秦皇岛金鑫") }
result["nameMilliseconds"] = try milliseconds { _ = try snapshot.subjects(named: "秦皇岛海盛") }
result["residentMiB"] = residentBytes() >> 20
let json = try JSONSerialization.data(withJSONObject: result, options: [.sortedKeys, .prettyPrinted])
print(String(decoding: json, as: UTF8.self))
try database.close()
