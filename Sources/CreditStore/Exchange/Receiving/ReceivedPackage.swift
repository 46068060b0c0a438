// Owns what is kept of a package that came in.
// Invariants: enough to know it again and to give the same receipt; nothing of a record.

public import CreditModel
public import Foundation

/// A package that came in from another platform (下发数据接收).
public struct ReceivedPackage: Codable, Sendable, Equatable {
  /// UUID of the store that sent it.
  public var sender: String
  /// Code of the sender's route.
  public var route: String
  /// Number of the package.
  public var package: Int
  /// Code of the entry.
  public var entry: String
  /// SHA-256 of its changes.
  public var sha256: String
  /// The batch in which its records were collected; `nil` where it only takes records back.
  public var batch: UInt64?
  /// New records.
  public var loaded: Int
  /// New versions, records that are shown again too.
  public var updated: Int
  /// Records that were here already.
  public var duplicate: Int
  /// Records that were taken back.
  public var withdrawn: Int
  /// Changes that were refused.
  public var rejected: Int
  /// What goes back to the sender; its lines only where the package itself was asked for.
  public var receipt: ExchangeReceipt
  /// When it was taken in.
  public var received: Date
}

extension CreditSnapshot {
  /// The packages that came in, by sender, route and number, without the lines of their receipts.
  public func receivedPackages() throws -> [ReceivedPackage] {
    do { return try ExchangeTables(snapshot: engine).received() } catch { throw CreditError(wrapping: error) }
  }
}
