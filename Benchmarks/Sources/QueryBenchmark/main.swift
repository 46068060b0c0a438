// Owns the measurement of questions: filters, groups and measures over one entry of an open store.
// Usage: QueryBenchmark STORE QUESTIONS-FILE RUNS [THREADS]. The file is a JSON array of
// {"name", "where", "groups": [], "measures": []}; one JSON object a question is printed, with the milliseconds of each run
// after a first that is not counted, and the rows of the answer.

import CreditModel
import CreditStore
import Foundation

struct Question: Decodable {
  var name: String
  var `where`: String?
  var groups: [String]?
  var measures: [String]?
}

let arguments = CommandLine.arguments
guard arguments.count >= 4, let runs = Int(arguments[3]), runs > 0,
  let file = FileManager.default.contents(atPath: arguments[2])
else {
  print("usage: QueryBenchmark STORE QUESTIONS-FILE RUNS [THREADS]")
  exit(2)
}
let questions = try JSONDecoder().decode([Question].self, from: file)
let database = try CreditDatabase(opening: arguments[1], mode: .readOnly)
let snapshot = database.snapshot()

func text(_ cell: AggregateResult.Cell) -> String? {
  switch cell {
  case .null: nil
  case .integer(let number): String(number)
  case .text(let text): text
  case .boolean(let flag): String(flag)
  }
}

for question in questions {
  var query = try AggregateQuery(
    entries: ["PEER"], filter: question.where.map { try Filter(parsing: $0) },
    groups: (question.groups ?? []).map { try AggregateQuery.Group(parsing: $0) },
    measures: (question.measures ?? ["count"]).map { try AggregateQuery.Measure(parsing: $0) })
  if arguments.count > 4 { query.threadLimit = Int(arguments[4]) ?? 0 }
  var result = try snapshot.aggregate(query)
  var times: [Double] = []
  for _ in 0..<runs {
    let start = ContinuousClock.now
    result = try snapshot.aggregate(query)
    let duration = ContinuousClock.now - start
    times.append(
      Double(duration.components.attoseconds) / 1e15 + Double(duration.components.seconds) * 1e3)
  }
  let rows = result.rows.map { (Array($0.group) + Array($0.measures)).map { text($0) ?? NSNull() as Any } }
  let json = try JSONSerialization.data(
    withJSONObject: ["name": question.name, "milliseconds": times, "rows": rows], options: .sortedKeys)
  print(String(decoding: json, as: UTF8.self))
}
