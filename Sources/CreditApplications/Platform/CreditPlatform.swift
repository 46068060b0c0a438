// Owns the open platform: what services link.
// Invariants: whatever is read through it passes the rights of a caller and is logged; nothing of the store below is handed out. Settings and registers are
// read anew only where they changed.
// Does not decide what a caller may do (AccessGrant, RecordRights).

// The values of the model come along, so that services import this module alone; the store below does not.
@_exported public import CreditModel
import CreditStore
import Foundation
import Synchronization

/// A city's credit platform, open for services (信用信息共享平台).
///
/// ```swift
/// let platform = try CreditPlatform(opening: "/var/lib/credit", mode: .shared())
/// let session = try platform.session(Caller(account: "li", portal: .counter, purpose: "建设工程许可"))
/// for record in try session.records(of: "91130302MA0000015N") { print(record.entryName, record["CF_WSH"] ?? "") }
/// ```
/// All methods may be called from any thread.
public final class CreditPlatform: Sendable {
  /// Settings of an open platform.
  public struct Options: Sendable {
    /// Bytes the store may use for cached blocks.
    public var memoryBudgetBytes: Int
    /// The folder of this process's part of the access log; `nil` = `log` in the folder of the store.
    public var logFolder: String?
    /// Whether an answer waits until its line of the access log is on disk (严格模式); otherwise lines follow within some ten milliseconds.
    public var waitsForLog: Bool
    /// Who issues reports, as printed on them.
    public var issuer = "公共信用信息平台"
    /// Code of the entry with the records of commitments.
    public var commitmentEntry = "K08-XYCN"
    /// The day on which rules are applied; by default today in Asia/Shanghai.
    public var today: @Sendable () -> Day
    /// Milliseconds since 1970-01-01T00:00:00Z, for the log and for what is issued.
    public var now: @Sendable () -> Int64

    /// Makes settings.
    ///
    /// - Parameters:
    ///   - memoryBudgetBytes: bytes for cached blocks.
    ///   - waitsForLog: whether answers wait for the log.
    public init(memoryBudgetBytes: Int = 512 << 20, waitsForLog: Bool = false) {
      self.memoryBudgetBytes = memoryBudgetBytes
      self.waitsForLog = waitsForLog
      today = { CreditDatabase.today() }
      now = { Int64(Date().timeIntervalSince1970 * 1000) }
    }
  }

  /// How the store below is opened (打开方式).
  public enum Mode: Sendable, Equatable {
    /// For this process alone to write; waits so many seconds for another one that does.
    case readWrite(waitSeconds: Double = 0)
    /// For writing in turns with other processes: services beside each other, and the command.
    case shared(waitSeconds: Double = 30, idleSeconds: Double = 2)
    /// For reading, beside those who write; the access log is written all the same.
    case readOnly

    var store: CreditDatabase.Mode {
      switch self {
      case .readWrite(let waitSeconds): .readWrite(waitSeconds: waitSeconds)
      case .shared(let waitSeconds, let idleSeconds):
        .shared(waitSeconds: waitSeconds, idleSeconds: idleSeconds)
      case .readOnly: .readOnly
      }
    }
  }

  /// What is read once for many answers.
  private struct Known {
    var configuration: PlatformConfiguration?
    var register: AccessRegister?
    var selections: [SelectionPlace: EntrySelection] = [:]
    var units: [UInt64: String?] = [:]
  }

  private struct SelectionPlace: Hashable {
    var rights: [EntryRights]
    var choice: String
  }

  static let allowed = "allowed"
  private static let knownUnits = 100_000
  private static let knownSelections = 200

  let database: CreditDatabase
  let options: Options
  let log: AccessLog
  private let isWritable: Bool
  private let known = Mutex(Known())

  /// Opens the platform over a store.
  ///
  /// - Parameters:
  ///   - path: the folder of the store.
  ///   - mode: how the store is opened; services beside others use `.shared()`.
  ///   - options: the settings.
  /// - Throws: `CreditError`: what opening a store throws; `notPrepared` where the store was never opened by a platform that may write.
  public init(opening path: String, mode: Mode, options: Options = Options()) throws {
    let database = try CreditDatabase(
      opening: path, mode: mode.store, options: .init(memoryBudgetBytes: options.memoryBudgetBytes))
    do {
      let key = try Self.key(of: database, mode)
      self.database = database
      self.options = options
      isWritable = mode != .readOnly
      log = AccessLog(
        folder: LogFolder(path: options.logFolder ?? path + "/log"), store: database.identifier, key: key,
        waits: options.waitsForLog, now: options.now)
    } catch {
      try? database.close()
      throw error
    }
  }

  /// Makes an empty store with the national templates.
  ///
  /// - Parameter path: a folder that does not exist or is empty.
  /// - Throws: `CreditError`, code `alreadyExists`.
  public static func create(at path: String) throws { try CreditDatabase.create(at: path) }

  /// The key under which subjects are hashed in the log; made when a platform opens the store for the first time.
  private static func key(of database: CreditDatabase, _ mode: Mode) throws -> [UInt8] {
    func stored(_ snapshot: CreditSnapshot) throws -> [UInt8]? {
      try snapshot.document(DocumentKind.key, DocumentKind.key).flatMap {
        ContentDigest.bytes(hex: try $0.decoded(as: String.self))
      }
    }
    if let key = try stored(database.snapshot()) { return key }
    guard mode != .readOnly else {
      throw CreditError(
        "notPrepared", "no platform has opened this store for writing yet; run `credit access prepare` once")
    }
    return try database.change("platform") { snapshot, changes in
      // Another process may have been faster.
      if let key = try stored(snapshot) { return key }
      let key = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
      try changes.put(DocumentKind.key, DocumentKind.key, ContentDigest.hex(key))
      return key
    }.result
  }

  /// Seals the log, brings it into the store where this process may write, and closes the store.
  ///
  /// - Throws: `CreditError`; the log stays in its file where it could not be brought in.
  public func close() throws {
    do { try log.close() } catch {
      try? database.close()
      throw error
    }
    // What cannot be brought in stays where it is, and `verifyLog` says why. Who only read does not wait for a writer now: the next one brings it in.
    database.stopWaiting()
    if isWritable { _ = try? foldLog() }
    try database.close()
  }

  // MARK: Sessions

  /// Lets somebody work with the platform.
  ///
  /// - Parameter caller: who, where and what for. Whether the account may sign in at all is the caller's matter; what it may do is looked up here, and
  ///   again with each call.
  /// - Throws: `AccessRefusal`, which is logged; `CreditError`.
  public func session(_ caller: Caller) throws -> AccessSession {
    let session = AccessSession(platform: self, caller: caller, keeper: nil)
    do { _ = try session.grant(database.snapshot()) } catch let refusal as AccessRefusal {
      try session.note(.query, outcome: refusal.rule.rawValue)
      throw refusal
    }
    return session
  }

  /// Lets whoever keeps the files of the store work with all of it, as the command does (运维). It is logged under the name given.
  ///
  /// - Parameters:
  ///   - name: who; may not be empty.
  ///   - purpose: what for; may not be empty.
  ///   - audience: for whose eyes; what others see can be looked at so.
  ///   - unit: credit code of the unit it is done for; its measures are told, and it stands in the log.
  ///   - consent: the subject's consent it rests on, where it is looked at what an authorised unit reads.
  /// - Throws: `AccessRefusal` with rule `purposeMissing`; `CreditError`, code `nameMissing`.
  public func keeperSession(
    name: String, purpose: String, audience: Audience = .centre, unit: String? = nil,
    consent: String? = nil
  ) throws -> AccessSession {
    guard !purpose.allSatisfy(\.isWhitespace) else {
      throw AccessRefusal(.purposeMissing, "say what for")
    }
    guard !name.allSatisfy(\.isWhitespace) else {
      throw CreditError("nameMissing", "say who: it stands in the access log")
    }
    return AccessSession(
      platform: self,
      caller: Caller(account: nil, portal: .operations, purpose: purpose, consent: consent), keeper: name,
      keeperAudience: audience, keeperUnit: unit)
  }

  // MARK: What is known

  /// The settings as of a snapshot.
  func configuration(_ snapshot: CreditSnapshot) throws -> PlatformConfiguration {
    let known = known.withLock { $0.configuration }
    let configuration = try PlatformConfiguration.read(snapshot, known: known)
    if known?.revision ?? 0 <= configuration.revision {
      self.known.withLock { $0.configuration = configuration }
    }
    return configuration
  }

  /// Accounts and units as of a snapshot.
  func register(_ snapshot: CreditSnapshot) throws -> AccessRegister {
    if let known = known.withLock({ $0.register }), known.commit == snapshot.commit { return known }
    let register = try AccessRegister(snapshot)
    known.withLock { $0.register = register }
    return register
  }

  /// The entries that some rights allow, as of a snapshot.
  func selection(
    _ rights: [EntryRights], _ snapshot: CreditSnapshot, choice: String = "",
    where isWanted: (CatalogueSummary) -> Bool = { _ in true }
  ) throws -> EntrySelection {
    let place = SelectionPlace(rights: rights, choice: choice)
    let known = known.withLock { $0.selections[place] }
    let selection = try database.catalogue.selection(asOf: snapshot, known: known) { entry in
      isWanted(entry) && rights.contains { $0.allows(entry) }
    }
    if known?.revision ?? 0 < selection.revision {
      self.known.withLock {
        if $0.selections.count >= Self.knownSelections { $0.selections = [:] }
        $0.selections[place] = selection
      }
    }
    return selection
  }

  /// The unit that reported a record.
  func unit(of record: CreditRecord, _ snapshot: CreditSnapshot) throws -> String? {
    if let known = known.withLock({ $0.units[record.batch] }) { return known }
    let unit = try snapshot.unit(of: record)
    known.withLock {
      if $0.units.count >= Self.knownUnits { $0.units = [:] }
      $0.units[record.batch] = unit
    }
    return unit
  }
}

/// Accounts and units as of a commit.
struct AccessRegister: Sendable {
  let commit: UInt64
  let accounts: [String: UnitAccount]
  let units: UnitRegister

  init(_ snapshot: CreditSnapshot) throws {
    commit = snapshot.commit
    accounts = Dictionary(try snapshot.accounts().map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
    units = try snapshot.units()
  }
}
