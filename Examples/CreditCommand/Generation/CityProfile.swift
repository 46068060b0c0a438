// Owns a city of any size up to the reference city: its files, or a store with all of it.
// Invariants: everything follows from records, entries and seed; a store is loaded through the same collection as files, nothing is written beside it.

import CityGeneration
import CreditModel
import CreditStore
import Foundation

struct CityProfile {
  let folder: String
  let plan: CityPlan

  private var files: [CityFile] { plan.entries.flatMap(CityFile.files) }

  /// Writes the files, the catalogue, and lists of files and units.
  func write(progress: @escaping (Double, String) -> Void) throws -> GenerationSummary {
    let population = CityPopulation(bodies: plan.bodies, persons: plan.persons, seed: plan.seed)
    let files = files
    try FileManager.default.createDirectory(atPath: folder + "/files", withIntermediateDirectories: true)
    var list = "file,entry,unit,rows\n"
    var records = 0
    for file in files {
      let rows = CityRows(file, of: plan, population: population)
      let path = folder + "/files/" + file.name
      guard FileManager.default.createFile(atPath: path, contents: nil),
        let handle = FileHandle(forWritingAtPath: path)
      else { throw CreditError("unwritable", "the file cannot be written", file: path) }
      while let piece = rows.piece() { try handle.write(contentsOf: piece) }
      try handle.close()
      list += "files/\(file.name),\(file.entry.entry.code),\(file.unit.code),\(rows.rowCount)\n"
      records += rows.rowCount
      progress(Double(records) / Double(max(1, plan.records)), "\(records) rows")
    }
    try Data(list.utf8).write(to: URL(fileURLWithPath: folder + "/files.csv"))
    var catalogue = Data("[".utf8)
    for (index, entry) in plan.entries.enumerated() {
      if index > 0 { catalogue += Data(",\n".utf8) }
      catalogue += entry.entry.encodedJSON()
    }
    try (catalogue + Data("]\n".utf8)).write(to: URL(fileURLWithPath: folder + "/catalogue.json"))
    let units = "code,name,division\n" + plan.units.map { "\($0.code),\($0.name),\($0.division)\n" }.joined()
    try Data(units.utf8).write(to: URL(fileURLWithPath: folder + "/units.csv"))
    return GenerationSummary(
      files: files.count + 3, records: records, entries: plan.entries.count, units: plan.units.count)
  }

  /// Makes a store of the folder and collects everything into it.
  func load(
    memoryBudgetBytes: Int, progress: @escaping @Sendable (Double, String) -> Void
  ) throws -> (summary: GenerationSummary, load: CityLoad) {
    var load = CityLoad()
    let start = ContinuousClock.now
    let before = CPUClock.process
    let population = CityPopulation(bodies: plan.bodies, persons: plan.persons, seed: plan.seed)
    load.generatorSeconds = CPUClock.process - before
    try CreditDatabase.create(at: folder)
    var options = CreditDatabase.Options(memoryBudgetBytes: memoryBudgetBytes)
    options.defersMerging = true
    let database = try CreditDatabase(opening: folder, mode: .readWrite(), options: options)
    let catalogueStart = ContinuousClock.now
    try database.catalogue.publish(plan.entries.map(\.entry))
    load.publishSeconds = seconds(since: catalogueStart)
    let files = files
    var records = 0
    for file in files {
      let source = CityRowSource(CityRows(file, of: plan, population: population))
      let receipt = try database.collectBlocking(
        .csv(named: file.name, encoding: .utf8, next: { source.next() }), for: file.entry.entry.code,
        from: file.unit.code)
      load.generatorSeconds += source.seconds
      load.add(receipt)
      records += receipt.reported
      progress(
        Double(records) / Double(max(1, plan.records)), "\(records) rows, \(file.entry.number + 1) entries")
    }
    load.collectSeconds = seconds(since: start)
    load.collectCoreSeconds = CPUClock.process - before - load.generatorSeconds
    try database.close()
    let summary = GenerationSummary(
      files: files.count, records: records, entries: plan.entries.count, units: plan.units.count)
    return (summary, load)
  }

  private func seconds(since start: ContinuousClock.Instant) -> Double {
    let elapsed = (ContinuousClock.now - start).components
    return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
  }
}

/// What loading a city gave.
struct CityLoad {
  var loaded = 0
  var updated = 0
  var duplicate = 0
  var questionable = 0
  var unlinked = 0
  var publishSeconds = 0.0
  var collectSeconds = 0.0
  /// Processor time of the store.
  var collectCoreSeconds = 0.0
  /// Processor time of making rows.
  var generatorSeconds = 0.0

  mutating func add(_ receipt: Receipt) {
    loaded += receipt.loaded
    updated += receipt.updated
    duplicate += receipt.duplicate
    questionable += receipt.questionable
    unlinked += receipt.unlinked
  }
}

/// Rows for a collection, which asks for them on threads of its own, one call at a time; counts the processor time they take.
private final class CityRowSource: @unchecked Sendable {
  // Sendable because a collection makes one call at a time and has made the last one when it returns.
  private let rows: CityRows
  private(set) var seconds = 0.0

  init(_ rows: CityRows) { self.rows = rows }

  func next() -> [UInt8]? {
    let start = CPUClock.thread
    defer { seconds += CPUClock.thread - start }
    return rows.piece()
  }
}

/// Processor time.
enum CPUClock {
  static var process: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }
  static var thread: Double { seconds(CLOCK_THREAD_CPUTIME_ID) }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
