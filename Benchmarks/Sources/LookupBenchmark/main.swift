// Owns the measurement of look-ups: all records of a subject, and how many there are.
// Usage: LookupBenchmark STORE SUBJECTS-FILE; prints one JSON object. The second pass over the subjects is counted, and the first as what a
// subject takes that nobody asked for before. With ten thousand subjects and more all of them are also screened in one call.

import CreditModel
import CreditStore
import Foundation

let arguments = CommandLine.arguments
guard arguments.count == 3, let list = try? String(contentsOfFile: arguments[2], encoding: .utf8) else {
  print("usage: LookupBenchmark STORE SUBJECTS-FILE")
  exit(2)
}
let opened = ContinuousClock.now
let database = try CreditDatabase(opening: arguments[1], mode: .readOnly)
let openTime = ContinuousClock.now - opened
let subjects = list.split(whereSeparator: \.isNewline).map {
  Identifier(String($0), as: .unifiedSocialCreditCode)
}

func microseconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  let duration = ContinuousClock.now - start
  return Double(duration.components.attoseconds) / 1e12 + Double(duration.components.seconds) * 1e6
}

/// Microseconds of each call of the first pass and of the second, sorted, and the records of the second.
func measure(
  _ body: (CreditSnapshot, Identifier) throws -> Int
) rethrows -> (first: [Double], times: [Double], records: Int) {
  let snapshot = database.snapshot()
  var passes: [[Double]] = [[], []]
  var records = 0
  for pass in passes.indices {
    records = 0
    for subject in subjects {
      passes[pass].append(try microseconds { records += try body(snapshot, subject) })
    }
  }
  return (passes[0].sorted(), passes[1].sorted(), records)
}

func quantile(_ times: [Double], _ share: Double) -> Double {
  times.isEmpty ? 0 : times[min(times.count - 1, Int(Double(times.count) * share))]
}

let all = try measure { try $0.records(of: $1).count }
let counts = try measure { try $0.recordCounts(of: $1).values.reduce(0, +) }
var result: [String: Any] = [
  "subjects": subjects.count, "records": all.records,
  "openMilliseconds": Double(openTime.components.attoseconds) / 1e15,
  "firstP50Microseconds": quantile(all.first, 0.5), "firstP99Microseconds": quantile(all.first, 0.99),
  "recordsP50Microseconds": quantile(all.times, 0.5), "recordsP99Microseconds": quantile(all.times, 0.99),
  "countP50Microseconds": quantile(counts.times, 0.5), "countP99Microseconds": quantile(counts.times, 0.99),
]
if subjects.count >= 10_000 {
  let texts = subjects.map(\.text)
  let snapshot = database.snapshot()
  var found = 0
  let times = try (0..<6).map { _ in
    try microseconds { found = try snapshot.screen(texts).count { $0.isFound } } / 1000
  }
  result["screenMilliseconds"] = quantile(times.dropFirst().sorted(), 0.5)
  result["screenFirstMilliseconds"] = times[0]
  result["screenFound"] = found
}
let json = try JSONSerialization.data(withJSONObject: result, options: .sortedKeys)
print(String(decoding: json, as: UTF8.self))
