// Owns the measurement of look-ups: all records of a subject, and how many there are.
// Usage: LookupBenchmark STORE SUBJECTS-FILE; prints one JSON object. The second pass over the subjects is counted.

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

/// Microseconds of each call, sorted.
func measure(_ body: (CreditSnapshot, Identifier) throws -> Int) rethrows -> (times: [Double], records: Int) {
  let snapshot = database.snapshot()
  for subject in subjects { _ = try body(snapshot, subject) }
  var times: [Double] = []
  var records = 0
  for subject in subjects {
    let start = ContinuousClock.now
    records += try body(snapshot, subject)
    let duration = ContinuousClock.now - start
    times.append(
      Double(duration.components.attoseconds) / 1e12 + Double(duration.components.seconds) * 1e6)
  }
  return (times.sorted(), records)
}

func quantile(_ times: [Double], _ share: Double) -> Double {
  times.isEmpty ? 0 : times[min(times.count - 1, Int(Double(times.count) * share))]
}

let all = try measure { try $0.records(of: $1).count }
let counts = try measure { try $0.recordCounts(of: $1).values.reduce(0, +) }
let result: [String: Any] = [
  "subjects": subjects.count, "records": all.records,
  "openMilliseconds": Double(openTime.components.attoseconds) / 1e15,
  "recordsP50Microseconds": quantile(all.times, 0.5), "recordsP99Microseconds": quantile(all.times, 0.99),
  "countP50Microseconds": quantile(counts.times, 0.5), "countP99Microseconds": quantile(counts.times, 0.99),
]
let json = try JSONSerialization.data(withJSONObject: result, options: .sortedKeys)
print(String(decoding: json, as: UTF8.self))
