// Owns looking before a new version is published at what the records there are would no longer satisfy (发布前检查).
// Invariants: every current record of the entry is looked at, with the values it has; nothing is changed; each distinct text of a dictionary is judged once.
// Does not convert values: what changes its type starts empty, and the check says how many values stay behind.

public import CreditModel
import Foundation
import SegmentStore

/// What a new version of an entry would mean for the records there are.
public struct VersionCheck: Codable, Sendable, Equatable {
  /// What is wrong with records under the new version.
  public enum Problem: String, Codable, Sendable {
    /// The item becomes required, and the record has no value.
    case missing
    /// The value has more characters than the new length.
    case tooLong
    /// The value has more digits than the new precision.
    case tooManyDigits
    /// The value is none of the new options.
    case notAnOption
    /// The item gets another type or scale: its values stay in older versions and are not shown.
    case typeChanged
    /// The item goes: its values stay in older versions and are not shown.
    case itemRemoved
    /// The value is no identifier of the new kind.
    case notAnIdentifier
    /// The record breaks a rule that the present version does not have.
    case breaksRule
  }

  /// One problem of one item, or of one rule.
  public struct Finding: Codable, Sendable, Equatable {
    /// The item; the id of the rule for `breaksRule`.
    public var item: String
    /// What is wrong.
    public var problem: Problem
    /// How many records have it.
    public var records: Int
    /// Some of the batches that brought them, ascending, at most ten.
    public var batches: [UInt64]
  }

  /// Code of the entry.
  public var entry: String
  /// The version published now.
  public var from: Int
  /// The version that was checked.
  public var to: Int
  /// Current records of the entry, withdrawn ones too.
  public var records: Int
  /// What keeps the version from being published at all, in words.
  public var obstacle: String?
  /// All problems, in the order of the items, then of the rules.
  public var findings: [Finding]
  /// Whether it can be published and every record satisfies it.
  public var isClean: Bool { obstacle == nil && findings.isEmpty }
}

extension CreditCatalogue {
  /// Checks a version against the records there are, before it is published.
  ///
  /// Of items that are new only whether they are required is looked at; the national rules over several items are not.
  ///
  /// ```swift
  /// let check = try database.catalogue.check(entry)
  /// for finding in check.findings { print(finding.item, finding.problem, finding.records) }
  /// ```
  /// - Parameter entry: the version; its entry must be published.
  /// - Throws: `CreditError`: `invalidCatalogue` for an invalid entry, `unknownEntry`.
  public func check(_ entry: CatalogueEntry) throws -> VersionCheck {
    try check(entry) { false }
  }

  /// The same on a thread of the store's own, for tasks: all records of the entry are read. Cancelling the task ends it.
  ///
  /// - Parameter entry: as of the other form.
  /// - Throws: as the other form; `cancelled` when the task was cancelled.
  @concurrent
  public func checkInBackground(_ entry: CatalogueEntry) async throws -> VersionCheck {
    try await Cancellation.background { [self] isCancelled in try check(entry, isCancelled: isCancelled) }
  }

  private func check(_ entry: CatalogueEntry, isCancelled: @escaping () -> Bool) throws -> VersionCheck {
    do {
      try entry.validate()
      let old = try self.entry(entry.code)
      var result = VersionCheck(
        entry: entry.code, from: old.entry.version, to: entry.version, records: 0, obstacle: nil, findings: []
      )
      let snapshot = engine.snapshot()
      do {
        // What is published already stands in nothing's way. Values that stay behind are counted below.
        if old.entry != entry {
          try LeftValues(old: old, next: Self.successor(of: old, entry), snapshot: snapshot)
            .check(leavesValues: true)
        }
      } catch let error as CreditError { result.obstacle = error.message }
      try VersionScan(old, entry, isCancelled: isCancelled).run(snapshot, into: &result)
      try RuleCheck(old, entry)?.run(snapshot, isCancelled: isCancelled, into: &result)
      return result
    } catch { throw CreditError(wrapping: error) }
  }
}

/// The scan of a check.
private final class VersionScan {
  private struct Probe {
    let item: CatalogueItem
    let column: ColumnSchema
    let problem: VersionCheck.Problem
    var records = 0
    var batches: Set<UInt64> = []
    /// By code of the present dictionary: 0 unknown, 1 sound, 2 at fault.
    var memo: [UInt8] = []
    var chunk = -1
    let options: ItemOptions?
  }

  private static let shownBatches = 10
  private let old: PublishedEntry
  private let isCancelled: () -> Bool
  private let today = CreditDatabase.today()
  private var probes: [Probe] = []

  init(_ old: PublishedEntry, _ new: CatalogueEntry, isCancelled: @escaping () -> Bool) {
    self.old = old
    self.isCancelled = isCancelled
    let next = old.publishing(new)
    for (item, column) in zip(new.items, next.columnIDs) {
      if let place = old.columnIDs.firstIndex(of: column) {
        add(item, column, since: old.entry.items[place])
      } else if old.knownColumns.values.contains(column) {
        // An item that comes back finds its values, which nobody asked anything of since.
        add(item, column, since: CatalogueItem(id: item.id, type: item.type, scale: item.scale))
      } else if item.required {
        // Nobody has a value yet.
        add(item, column, .missing)
      }
      if let place = old.entry.itemIndex(item.id), old.columnIDs[place] != column {
        add(old.entry.items[place], old.columnIDs[place], .typeChanged)
      }
    }
    for (before, column) in zip(old.entry.items, old.columnIDs) where new.itemIndex(before.id) == nil {
      add(before, column, .itemRemoved)
    }
  }

  /// What an item asks for that it did not ask for before.
  private func add(_ item: CatalogueItem, _ column: UInt32, since before: CatalogueItem) {
    if item.required, !before.required { add(item, column, .missing) }
    if let length = item.length, length < before.length ?? .max { add(item, column, .tooLong) }
    if item.type == .decimal, item.precision < before.precision { add(item, column, .tooManyDigits) }
    if let kind = item.identifier, kind != before.identifier, kind != .any {
      add(item, column, .notAnIdentifier)
    }
    if item.options != nil, item.options != before.options || item.allowsSeveral != before.allowsSeveral {
      add(item, column, .notAnOption)
    }
  }

  private func add(_ item: CatalogueItem, _ column: UInt32, _ problem: VersionCheck.Problem) {
    probes.append(
      Probe(
        item: item, column: ColumnSchema(id: column, type: item.type.isText ? .text : .integer),
        problem: problem,
        options: ItemOptions(item)))
  }

  func run(_ snapshot: EngineSnapshot, into result: inout VersionCheck) throws {
    // Only the columns that are looked at are read.
    var place: [UInt32: Int] = [:]
    var columns: [ColumnSchema] = []
    for probe in probes where place[probe.column.id] == nil {
      place[probe.column.id] = columns.count
      columns.append(probe.column)
    }
    let schema = DatasetSchema(dataset: old.dataset, version: old.schema.version, columns: columns)
    let scan = VectorScan(snapshot, schema: schema)
    var vector = RowVector()
    var records = 0
    for part in try scan.parts() {
      if isCancelled() { throw CancellationError() }
      try scan.forEachVector(of: part, in: &vector) { vector in
        records += vector.selectedCount
        for probe in probes.indices {
          try look(&probes[probe], place[probes[probe].column.id] ?? 0, &vector)
        }
        return true
      }
    }
    result.records = records
    result.findings = probes.filter { $0.records > 0 }.map {
      VersionCheck.Finding(
        item: $0.item.id, problem: $0.problem, records: $0.records, batches: $0.batches.sorted())
    }
  }

  private func look(_ probe: inout Probe, _ column: Int, _ vector: inout RowVector) throws {
    let selection = vector.selection
    let places = UnsafeBufferPointer(start: selection.places, count: selection.count)
    func count(_ place: Int, _ probe: inout Probe) throws {
      probe.records += 1
      guard probe.batches.count < VersionScan.shownBatches else { return }
      probe.batches.insert(UInt64(bitPattern: try vector.batches().values[place]))
    }
    guard vector.isText(column) else {
      let integers = try vector.integers(column)
      for place in places.lazy.map(Int.init) {
        let number = integers.nulls[place] == 0 ? integers.values[place] : nil
        if isAtFault(number, probe) { try count(place, &probe) }
      }
      return
    }
    // Nothing but whether there is a text is asked.
    if probe.problem == .missing || probe.problem == .typeChanged || probe.problem == .itemRemoved {
      for place in places.lazy.map(Int.init)
      where try vector.hasText(column, place) != (probe.problem == .missing) { try count(place, &probe) }
      return
    }
    let codes = vector.hasTemplates(column) ? nil : try vector.codes(column)
    if codes != nil, probe.chunk != vector.chunkNumber {
      probe.chunk = vector.chunkNumber
      probe.memo = [UInt8](repeating: 0, count: vector.wordCount(column))
    }
    for place in places.lazy.map(Int.init) {
      if let codes, Int(codes[place]) < probe.memo.count {
        let code = Int(codes[place])
        if probe.memo[code] == 0 {
          let (text, _) = try vector.word(column, code)
          probe.memo[code] = isAtFault(text, probe) ? 2 : 1
        }
        if probe.memo[code] == 2 { try count(place, &probe) }
      } else if try vector.withText(column, place, { text in text.map { isAtFault($0, probe) } ?? false }) {
        try count(place, &probe)
      }
    }
  }

  private func isAtFault(_ number: Int64?, _ probe: Probe) -> Bool {
    switch probe.problem {
    case .missing: number == nil
    case .typeChanged, .itemRemoved: number != nil
    case .tooManyDigits: number.map { !probe.item.fits($0) } ?? false
    case .tooLong, .notAnOption, .notAnIdentifier, .breaksRule: false
    }
  }

  private func isAtFault(_ text: UnsafeRawBufferPointer, _ probe: Probe) -> Bool {
    if probe.problem == .tooLong {
      let limit = probe.item.length ?? .max
      return text.count > limit && text.count(where: { $0 & 0xC0 != 0x80 }) > limit
    }
    if probe.problem == .notAnIdentifier {
      let kind = (probe.item.identifier ?? .any).kind
      return !Identifier.check(String(decoding: text, as: UTF8.self), as: kind, on: today).isValid
    }
    return probe.options.map { !$0.allow(text) } ?? false
  }
}
