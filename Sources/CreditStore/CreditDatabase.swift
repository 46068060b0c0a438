// Owns the open credit store: what services link and people call.
// Invariants: reading never waits for writing; every change is one commit; errors are typed and name the place.
// Does not decide who may see what (CreditApplications).

public import CreditModel
public import Foundation
public import SegmentStore
import Synchronization

/// A city's credit store, open for use (信用数据库).
///
/// ```swift
/// let database = try CreditDatabase(opening: "/var/lib/credit", mode: .readWrite())
/// let receipt = try await database.collect(.csv("penalties.csv"), for: "XZCF", from: "11130300000000019B")
/// for record in try database.snapshot().records(of: "91130302MA0000015N") { print(record.key) }
/// ```
/// All methods may be called from any thread.
public final class CreditDatabase: Sendable {
  /// How a store is opened (打开方式).
  public enum Mode: Sendable, Equatable {
    /// For reading and writing; waits so many seconds for another process that writes.
    case readWrite(waitSeconds: Double = 0)
    /// For reading, and for writing in turns with other processes, such as a service and the command beside it: the right to write is taken for a change,
    /// waiting up to so many seconds, and given back after so many seconds without one, or as soon as another process waits.
    case shared(waitSeconds: Double = 30, idleSeconds: Double = 2)
    /// For reading, beside a writer.
    case readOnly
    /// For reading from media nobody writes to.
    case immutable

    fileprivate var engineMode: OpeningMode {
      switch self {
      case .readWrite(let waitSeconds): .readWrite(waitSeconds: waitSeconds)
      case .shared(let waitSeconds, let idleSeconds):
        .shared(waitSeconds: waitSeconds, idleSeconds: idleSeconds)
      case .readOnly: .readOnly
      case .immutable: .immutable
      }
    }
  }

  /// Settings of an open store.
  public struct Options: Sendable {
    /// Bytes the store may use for cached blocks and for collecting; the process needs some 100 MiB beside them.
    public var memoryBudgetBytes: Int
    /// Bytes a second that merging in the background writes at most, so that it leaves the disk to others; `nil` = as fast as it goes. Merging that
    /// changes wait for, and `compact()`, are not slowed.
    public var mergeBytesPerSecond: Int?
    /// Leaves all merging to ``CreditDatabase/compact(rewritesEverything:progress:)``: for loading much at once, a whole city, after which it is called. Meanwhile looking up a
    /// subject asks every batch that is not merged yet.
    public var defersMerging = false
    /// Told what the store does, for logs and metrics; called on the thread that does it, must be quick and must not write to the store. Never holds a
    /// value or an identifier.
    public var onEvent: (@Sendable (StoreEvent) -> Void)?
    /// Rows from which on names are indexed; tests make it small.
    package var indexedRows: Int?

    /// Makes settings; less than 16 MiB counts as 16 MiB.
    public init(memoryBudgetBytes: Int = 512 << 20) { self.memoryBudgetBytes = memoryBudgetBytes }
  }

  package let engine: SegmentEngine
  /// The catalogue of the store.
  public let catalogue: CreditCatalogue
  /// What packages by consent ask for again and again.
  let knownConsents = KnownConsents()

  /// Makes an empty store with the national templates published.
  ///
  /// - Parameter path: a folder that does not exist or is empty; it becomes accessible to its owner alone.
  /// - Returns: the UUID of the store.
  /// - Throws: `CreditError`, code `alreadyExists` for a folder with something in it.
  @discardableResult
  public static func create(at path: String) throws -> String {
    do {
      let identifier = try SegmentEngine.create(at: path)
      let database = try CreditDatabase(opening: path, mode: .readWrite())
      try database.catalogue.publish(CatalogueEntry.nationalTemplates)
      try database.close()
      return identifier.description
    } catch { throw CreditError(wrapping: error) }
  }

  /// Opens a store.
  ///
  /// - Parameters:
  ///   - path: the folder of the store.
  ///   - mode: for writing (one process at a time, optionally waiting) or reading.
  ///   - options: the memory budget.
  /// - Throws: `CreditError`; code `locked` names the process that writes, `damaged` file and offset.
  public init(opening path: String, mode: Mode, options: Options = .init()) throws {
    do {
      var engineOptions = EngineOptions(
        memoryBudgetBytes: options.memoryBudgetBytes, keyText: SubjectKey.renderText)
      engineOptions.searchForm = .names
      if let rows = options.indexedRows { engineOptions.indexedRows = rows }
      engineOptions.mergeBytesPerSecond = options.mergeBytesPerSecond
      engineOptions.onEvent = options.onEvent
      engineOptions.compactsAutomatically = !options.defersMerging
      engine = try SegmentEngine(opening: path, mode: mode.engineMode, options: engineOptions)
    } catch { throw CreditError(wrapping: error) }
    catalogue = CreditCatalogue(engine: engine)
  }

  /// Closes the store. Snapshots taken before stay readable.
  public func close() throws {
    do { try engine.close() } catch { throw CreditError(wrapping: error) }
  }

  /// The UUID of the store.
  public var identifier: String { engine.identifier.description }
  /// Bytes of an unfinished commit that opening found after an unclean end and discarded; 0 after a clean one.
  public var discardedTailBytes: Int { engine.discardedTailBytes }

  // MARK: Reading

  /// The store as of its last commit.
  public func snapshot() -> CreditSnapshot { CreditSnapshot(engine.snapshot(), database: self) }

  /// The store as of a commit.
  public func snapshot(asOf commit: UInt64) -> CreditSnapshot {
    CreditSnapshot(engine.snapshot(asOf: commit), database: self)
  }

  /// The store as of an instant: the last commit not later than it.
  public func snapshot(asOf instant: Date) -> CreditSnapshot {
    let milliseconds = (instant.timeIntervalSince1970 * 1000).rounded(.down)
    let clamped = Int64(max(-9e15, min(9e15, milliseconds)))
    return snapshot(asOf: engine.commit(notLaterThan: clamped))
  }

  // MARK: Collecting

  /// Takes in a file as one batch.
  ///
  /// The work runs on threads of its own; cancelling the task leaves nothing behind.
  /// - Parameters:
  ///   - source: the file.
  ///   - code: the catalogue entry.
  ///   - unit: credit code of the reporting unit.
  ///   - options: rules and limits; by default those of today.
  ///   - progress: called from other threads, many times.
  /// - Throws: `CreditError`; nothing was taken in then. `unitNotAllowed` where the entry names its units and this is none of them, `unitClosed` where
  ///   another took over its work, `invalidPeriod`, `unknownBatch` for one to be sent again.
  @concurrent
  public func collect(
    _ source: Source, for code: String, from unit: String? = nil, options: CollectionOptions? = nil,
    progress: @escaping @Sendable (CollectionProgress) -> Void = { _ in }
  ) async throws -> Receipt {
    let shared = CollectionShared()
    return try await withTaskCancellationHandler {
      try await WorkerThreads.perform { [self] in
        try collect(source, for: code, from: unit, options: options, shared: shared, progress: progress)
      }
    } onCancel: {
      shared.isCancelled.store(true, ordering: .relaxed)
    }
  }

  /// Takes in a file as one batch, on the calling thread; see the asynchronous form.
  public func collectBlocking(
    _ source: Source, for code: String, from unit: String? = nil, options: CollectionOptions? = nil,
    progress: @escaping @Sendable (CollectionProgress) -> Void = { _ in }
  ) throws -> Receipt {
    try collect(
      source, for: code, from: unit, options: options, shared: CollectionShared(), progress: progress)
  }

  private func collect(
    _ source: Source, for code: String, from unit: String?, options: CollectionOptions?,
    shared: CollectionShared,
    progress: @escaping @Sendable (CollectionProgress) -> Void
  ) throws -> Receipt {
    do {
      guard !source.path.hasPrefix(Receiving.sources) else {
        throw CreditError("invalidSource", "names that begin with \(Receiving.sources) are those of packages")
      }
      var options = options ?? CollectionOptions(today: Self.today())
      if source.encoding != .auto { options.encoding = source.encoding }
      let entry = try catalogue.entry(code, on: options.rules.today)
      let collector = Collector(
        engine: engine, entry: entry, unit: try unit.map { try unitCode($0, for: entry.entry) },
        options: options, shared: shared, nameRegisters: try nameRegisters(options, for: entry),
        progress: progress)
      return try collector.collect(try source.open(), path: source.path)
    } catch { throw CreditError(wrapping: error) }
  }

  /// The entries with whose names those of another entry's rows are compared; none for an entry that is a register itself.
  private func nameRegisters(_ options: CollectionOptions, for entry: PublishedEntry) throws
    -> [PublishedEntry]
  {
    guard entry.entry.subjectName != nil, !options.nameRegisters.contains(entry.entry.code) else { return [] }
    return try options.nameRegisters.compactMap { try catalogue.known($0) }
  }

  /// The code of a unit as the store has it: as it is given where the entry or the register has it so, and else as codes are written.
  func unitCode(_ code: String, for entry: CatalogueEntry) throws -> String {
    let written = ReportingUnit.writtenCode(code)
    guard written != code, !entry.units.contains(code), try snapshot().units()[code] == nil else {
      return code
    }
    return written
  }

  /// Today in the time zone of Asia/Shanghai.
  public static func today() -> Day {
    Day(millisecondsSinceEpoch: Int64(Date().timeIntervalSince1970 * 1000))
  }

  // MARK: Changing records

  /// Corrects values of a record; the old version stays readable.
  ///
  /// A correction of the subject's identifier brings the record to the subject it names, in the same commit: it is withdrawn where it stood,
  /// and its history stays there.
  ///
  /// - Parameters:
  ///   - code: the catalogue entry.
  ///   - subject: kind and text of the subject's identifier.
  ///   - key: the record key as `CreditRecord.key` gives it.
  ///   - changes: items and their new values; `nil` removes one.
  ///   - reason: why, kept with the commit.
  /// - Returns: the commit.
  /// A withdrawn record is shown again when it is corrected; one that was repaired stays so until it is reinstated.
  /// - Throws: `CreditError`: `unknownRecord`, `nothingChanged`, `invalidValue`, `ruleFailed`, `identityChanged` for items of the record key,
  ///   `recordExists` when the subject named now has such a record already, `closed` for a withdrawn or repaired record that is to go to another subject.
  public func correct(
    _ code: String, subject: Identifier, key: String, reason: String, changes: [String: Value?]
  ) throws -> UInt64 {
    try change(code, subject, key, .corrected, reason, changes)
  }

  /// Withdraws a record: it is no longer shown, and a unit's new values for it wait for a decision.
  public func withdraw(_ code: String, subject: Identifier, key: String, reason: String) throws -> UInt64 {
    try change(code, subject, key, .withdrawn, reason, [:])
  }

  /// Marks a record as repaired (信用修复); a unit's new values for it wait for a decision.
  public func repair(_ code: String, subject: Identifier, key: String, reason: String) throws -> UInt64 {
    try change(code, subject, key, .repaired, reason, [:])
  }

  /// Shows a withdrawn or repaired record again.
  public func reinstate(
    _ code: String, subject: Identifier, key: String, reason: String, changes: [String: Value?] = [:]
  ) throws -> UInt64 {
    try change(code, subject, key, .reinstated, reason, changes)
  }

  private func change(
    _ code: String, _ subject: Identifier, _ key: String, _ state: RecordState, _ reason: String,
    _ changes: [String: Value?]
  ) throws -> UInt64 {
    do {
      // A version whose first day lies ahead may lack items the record has; one that is over still takes corrections.
      let entry = try (try? catalogue.entry(code, on: Self.today())) ?? catalogue.entry(code)
      guard let subjectKey = try LongIdentifiers.key(of: subject, in: engine.snapshot()) else {
        throw CreditError("unknownRecord", "the subject has no record of \(code)")
      }
      return try RecordEditor(engine: engine, entry: entry).change(
        subject: subjectKey, key: key, to: state, reason: reason, changes: changes, today: Self.today())
    } catch { throw CreditError(wrapping: error) }
  }
}
