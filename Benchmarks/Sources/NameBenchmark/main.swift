// Owns the measurement of finding subjects by name.
// Usage: NameBenchmark STORE QUESTIONS-FILE [MEMORY-MIB]; a question is a line `kind<TAB>name`; prints one JSON object. The second pass is counted.

import CreditModel
import CreditStore
import Foundation

let arguments = CommandLine.arguments
guard (3...4).contains(arguments.count), let list = try? String(contentsOfFile: arguments[2], encoding: .utf8)
else {
  print("usage: NameBenchmark STORE QUESTIONS-FILE [MEMORY-MIB]")
  exit(2)
}
let memory = arguments.count == 4 ? Int(arguments[3]) ?? 512 : 512
let database = try CreditDatabase(
  opening: arguments[1], mode: .readOnly, options: .init(memoryBudgetBytes: memory << 20))
let snapshot = database.snapshot()
let questions = list.split(whereSeparator: \.isNewline).compactMap { line -> (kind: String, name: String)? in
  let words = line.split(separator: "\t")
  return words.count == 2 ? (String(words[0]), String(words[1])) : nil
}

/// What a question of each kind asks for: for the name itself the weaker matches do not count.
func ask(_ kind: String, _ name: String) throws -> Int {
  let weakest: NameMatch = kind == "exact" ? .legalForm : kind == "prefix" ? .prefix : .substring
  return try snapshot.subjects(named: name, weakest: weakest, limit: 20).count
}

var times: [String: [Double]] = [:]
var found: [String: Int] = [:]
var slowest: [String: (time: Double, name: String)] = [:]
for pass in 0..<2 {
  for (kind, name) in questions {
    let start = ContinuousClock.now
    let count = try ask(kind, name)
    let duration = ContinuousClock.now - start
    guard pass == 1 else { continue }
    let time = Double(duration.components.attoseconds) / 1e15 + Double(duration.components.seconds) * 1e3
    times[kind, default: []].append(time)
    found[kind, default: 0] += count
    if time > slowest[kind]?.time ?? 0 { slowest[kind] = (time, name) }
  }
}
var result: [String: Any] = [:]
for (kind, all) in times {
  let sorted = all.sorted()
  func quantile(_ share: Double) -> Double {
    sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }
  result[kind] = [
    "questions": sorted.count, "found": found[kind] ?? 0, "p50Milliseconds": quantile(0.5),
    "p99Milliseconds": quantile(0.99), "slowestMilliseconds": sorted.last ?? 0,
    "slowest": slowest[kind]?.name ?? "",
  ]
}
let statistics = try database.statistics()
result["indexBytes"] = statistics.nameIndexBytes
result["indexedNames"] = statistics.indexedNames
let json = try JSONSerialization.data(withJSONObject: result, options: .sortedKeys)
print(String(decoding: json, as: UTF8.self))
