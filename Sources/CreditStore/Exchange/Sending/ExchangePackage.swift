// Owns what is known of a package: which changes it holds, whether it went, what the receiver said.
// Invariants: a package holds what changed in one entry between two commits, as the store stood at the second: that never changes, so that it can be
// written again at any time, byte for byte.
// Does not hold the changes.

public import CreditModel
public import Foundation
import SegmentStore

/// A package of changes of one entry for one receiver (交换包).
public struct ExchangePackage: Codable, Sendable, Equatable {
  /// The largest number of a package.
  public static let maximumNumber = 2_000_000_000

  /// How far a package is.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// It was put together (待发送).
    case packed
    /// It went (已发送).
    case sent
    /// The receiver has all of it (已接收).
    case accepted
    /// The receiver refused some of it (部分退回).
    case partlyRejected
    /// The receiver refused all of it (退回).
    case rejected
    /// It holds nothing: the route begins anew behind it (重新开始).
    case restart
  }

  /// Code of the route.
  public var route: String
  /// Number in the route, from 1.
  public var number: Int
  /// Code of the entry; empty where the route begins anew.
  public var entry: String
  /// Changes of commits behind this one are in it.
  public var fromCommit: UInt64
  /// Changes up to this commit are in it.
  public var toCommit: UInt64
  /// When that commit was made, in milliseconds since 1970 UTC: tells it from another of this number, after an earlier state was restored.
  var toInstant: Int64?
  /// The package whose refused changes it sends again.
  public var repeats: Int?
  /// For such a package: receipts up to this commit count.
  var receiptsCommit: UInt64?
  /// For such a package: whether changes go that earlier ones left out. `nil` in packages of a version that passed over them.
  var goesUnlessHeld: Bool?
  /// Whether it holds all there is of the entry: the first one behind a beginning anew (全量包).
  public var isFull = false
  /// The commit as of which the entry says what items there are, and on an authorized route who consented.
  var entryCommit: UInt64 = 0
  /// But on routes upward: the day on which consents and shieldings count.
  var consentDay: Day?
  /// But on routes upward: when they counted for the package before.
  var consentsBefore: PermittedSubjects.Moment?
  /// Records of an entry without record key whose earlier content is taken back beside the new.
  var replacements = 0
  /// Records that go.
  public var puts: Int
  /// Records that are taken back.
  public var withdrawals: Int
  /// SHA-256 of its changes as JSON lines, 64 hex digits.
  public var sha256: String
  /// When it was put together.
  public var packed: Date
  /// How often it went.
  public var attempts = 0
  /// When it went last.
  public var sent: Date?
  /// What the receiver said of changes it did not name.
  public var others: ExchangeReceipt.State?
  /// Changes it accepted.
  public var accepted = 0
  /// Changes it refused.
  public var rejected = 0
  /// The commit that put it together.
  var batch: UInt64?

  /// What its files are called, but for their endings: `ROUTE-NUMBER`, six digits at least.
  public var fileName: String {
    let digits = String(number)
    return "\(route)-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// On an authorized route, of a package that sends changes again: the consents that count by then.
  var consentsAgain: PermittedSubjects.Moment?

  /// The consents that count for it.
  var consents: PermittedSubjects.Moment? { consentDay.map { .init(commit: entryCommit, day: $0) } }

  /// Changes in it.
  public var changes: Int { puts + withdrawals }

  /// How far it is.
  public var state: State {
    if entry.isEmpty { return .restart }
    if changes > 0, accepted >= changes { return .accepted }
    if rejected > 0 || others == .rejected {
      return rejected >= changes || others == .rejected && accepted == 0 ? .rejected : .partlyRejected
    }
    if others == .accepted { return .accepted }
    return attempts > 0 ? .sent : .packed
  }
}

extension CreditSnapshot {
  /// The packages of a route, by number.
  ///
  /// - Throws: `CreditError`: `unknownRoute`, `damaged`.
  public func packages(ofRoute code: String) throws -> [ExchangePackage] {
    do {
      let tables = ExchangeTables(snapshot: engine)
      _ = try tables.route(code)
      return try tables.packages(of: code)
    } catch { throw CreditError(wrapping: error) }
  }
}
