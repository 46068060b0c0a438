// Owns the measurement of small durable commits: one caller alone, many callers at once, and beside them what the disk itself does.
// Usage: CommitBenchmark FOLDER [SECONDS]; makes a store below FOLDER and prints one JSON object. A commit is the correction of one
// record through the public interface: found, checked, written, durable. Rounds of the three kinds alternate; medians.

import CreditModel
import CreditStore
import Foundation

guard CommandLine.arguments.count >= 2 else {
  print("usage: CommitBenchmark FOLDER [SECONDS]")
  exit(2)
}
let folder = CommandLine.arguments[1]
let secondsPerRound = CommandLine.arguments.count > 2 ? Double(CommandLine.arguments[2]) ?? 1 : 1
let callers = 32
let recordsPerCaller = 200
let subject = Identifier("91130302MA0000015N", as: .unifiedSocialCreditCode)

/// A store with records to correct.
func makeStore() throws -> CreditDatabase {
  let store = folder + "/commits"
  try CreditDatabase.create(at: store)
  let database = try CreditDatabase(opening: store, mode: .readWrite())
  let entry = """
    {"code": "BENCH", "name": "提交", "subject": ["ID"], "recordKey": ["NO"], "items": [
     {"id": "ID", "identifier": "any"}, {"id": "NO"}, {"id": "N", "type": "integer"}]}
    """
  try database.catalogue.publish(CatalogueEntry.decode(json: Data(entry.utf8)))
  var csv = "ID,NO,N\n"
  for number in 0..<callers * recordsPerCaller {
    // Organisation codes: eight digits and a check digit, so that every record has a subject of its own.
    csv += "\(organizationCode(number)),\(number),1\n"
  }
  let path = folder + "/commits.csv"
  try csv.write(toFile: path, atomically: true, encoding: .utf8)
  _ = try database.collectBlocking(.csv(path), for: "BENCH")
  return database
}

@Sendable func organizationCode(_ number: Int) -> String {
  let digits = String(10_000_000 + number)
  let weights = [3, 7, 9, 10, 5, 8, 4, 2]
  let sum = zip(digits, weights).reduce(0) { $0 + (Int(String($1.0)) ?? 0) * $1.1 }
  let check = 11 - sum % 11
  return digits + (check == 10 ? "X" : check == 11 ? "0" : String(check))
}

/// Commits of one caller until the time is over; returns their times in microseconds.
@Sendable func correct(_ database: CreditDatabase, caller: Int, until end: ContinuousClock.Instant) throws
  -> [Double]
{
  var times: [Double] = []
  var number = 0
  while ContinuousClock.now < end {
    let record = caller * recordsPerCaller + number % recordsPerCaller
    let start = ContinuousClock.now
    _ = try database.correct(
      "BENCH", subject: Identifier(organizationCode(record), as: .organizationCode), key: String(record),
      reason: "benchmark", changes: ["N": .integer(Int64(Int.random(in: 2...Int.max / 2)))])
    let duration = ContinuousClock.now - start
    times.append(Double(duration.components.attoseconds) / 1e12 + Double(duration.components.seconds) * 1e6)
    number += 1
  }
  return times
}

/// Overwrites 4 KiB and syncs until the time is over.
func raw(until end: ContinuousClock.Instant) -> [Double] {
  let descriptor = open(folder + "/raw", O_RDWR | O_CREAT, 0o600)
  defer { close(descriptor) }
  let bytes = [UInt8](repeating: 7, count: 4096)
  let zeros = [UInt8](repeating: 0, count: 1 << 20)
  _ = pwrite(descriptor, zeros, zeros.count, 0)
  fsync(descriptor)
  var times: [Double] = []
  while ContinuousClock.now < end {
    let start = ContinuousClock.now
    guard pwrite(descriptor, bytes, bytes.count, off_t(times.count % 256 * 4096)) == bytes.count,
      fdatasync(descriptor) == 0
    else { break }
    let duration = ContinuousClock.now - start
    times.append(Double(duration.components.attoseconds) / 1e12 + Double(duration.components.seconds) * 1e6)
  }
  return times
}

final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  func add(_ number: Int) { lock.withLock { count += number } }
  var total: Int { lock.withLock { count } }
}

func together(_ database: CreditDatabase, until end: ContinuousClock.Instant) -> Int {
  let results = Results()
  let group = DispatchGroup()
  for caller in 0..<callers {
    group.enter()
    let thread = Thread {
      results.add((try? correct(database, caller: caller, until: end).count) ?? 0)
      group.leave()
    }
    thread.stackSize = 1 << 20
    thread.start()
  }
  group.wait()
  return results.total
}

func median(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
func deadline() -> ContinuousClock.Instant { .now + .milliseconds(Int(secondsPerRound * 1000)) }

let database = try makeStore()
var rawTimes: [Double] = []
var aloneTimes: [Double] = []
var rawRates: [Double] = []
var groupRates: [Double] = []
for _ in 0..<5 {
  let plain = raw(until: deadline())
  rawTimes.append(median(plain))
  rawRates.append(Double(plain.count) / secondsPerRound)
  aloneTimes.append(median(try correct(database, caller: 0, until: deadline())))
  groupRates.append(Double(together(database, until: deadline())) / secondsPerRound)
}
try database.close()
let result: [String: Any] = [
  "rawMicroseconds": median(rawTimes), "aloneMicroseconds": median(aloneTimes),
  "rawPerSecond": median(rawRates), "groupPerSecond": median(groupRates), "callers": callers,
  "aloneToRaw": median(zip(aloneTimes, rawTimes).map { $0 / $1 }),
  "groupToRawRate": median(zip(groupRates, rawRates).map { $0 / $1 }),
]
let json = try JSONSerialization.data(withJSONObject: result, options: [.sortedKeys])
print(String(decoding: json, as: UTF8.self))
