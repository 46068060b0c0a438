// Owns the place in the changes of a store up to which somebody has read them, as text that they keep.
// Invariants: belongs to one store and one course of its commits; of a store that was put back to an earlier state, or of another, it is an
// error, never a gap. Holds the subject and record key of the last change it stands behind, where it stands inside a commit.

import CreditModel
import Foundation
import SegmentStore

/// Where reading changes ended.
struct ChangeToken: Codable, Equatable {
  /// The last change given, inside its commit.
  struct Place: Codable, Equatable {
    var entry: String
    var key: String
    var record: String
    var version: Int64
    /// Of an entry without record key, whose content is the key: the columns that `record` was made of, and the one that was free next.
    var columns: [UInt32]?
    var nextColumn: UInt32?

    /// The place behind a version of a record.
    init(entry: PublishedEntry, key: UInt128, record: String, version: Int64) {
      self.entry = entry.entry.code
      self.key = String(key, radix: 16)
      self.record = record
      self.version = version
      columns = entry.keyItems.isEmpty ? entry.columnIDs.sorted() : nil
      nextColumn = entry.keyItems.isEmpty ? entry.nextColumnID : nil
    }

    /// Whether the entry, as it is now, still tells records apart as it did. Items that are new since have no values in the rows of then; one that
    /// left, or came back with the values it had, makes other keys of them.
    func isKept(by entry: PublishedEntry) -> Bool {
      guard let columns, let nextColumn else { return !entry.keyItems.isEmpty }
      return entry.keyItems.isEmpty && entry.columnIDs.filter { $0 < nextColumn }.sorted() == columns
    }

    var subject: UInt128 { UInt128(key, radix: 16) ?? 0 }
  }

  /// The store.
  var store: String
  /// The commit that was being read, or was read to its end.
  var commit: UInt64
  /// When it was made: tells it from another commit of this number, made after an earlier state was restored. Absent for commit 0.
  var instant: Int64?
  /// Digest of the entries that were asked for; `nil` for a token that was not read up to, which goes with any.
  var entries: String?
  /// `nil` behind all of the commit.
  var place: Place?

  /// The text form.
  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(self).base64EncodedString()
  }

  init(store: String, commit: UInt64, instant: Int64?, entries: String? = nil) {
    self.entries = entries
    self.store = store
    self.commit = commit
    self.instant = instant
  }

  /// The digest of entries asked for.
  static func digest(_ entries: [String]) -> String {
    var hasher = SHA256()
    for entry in Set(entries).sorted() {
      hasher.update(Array("\(entry.utf8.count):".utf8))
      hasher.update(Array(entry.utf8))
    }
    return Data(hasher.finalize().prefix(6)).base64EncodedString()
  }

  /// Reads the text form and checks it against the store.
  init(_ text: String, for snapshot: CreditSnapshot, entries: [String]) throws {
    guard text.utf8.count <= 1 << 20, let data = Data(base64Encoded: text),
      let token = try? JSONDecoder().decode(ChangeToken.self, from: data),
      token.place.map({ UInt128($0.key, radix: 16) != nil }) ?? true
    else {
      throw CreditError("invalidToken", "the token is not one of this library; begin without one")
    }
    guard token.store == snapshot.database.identifier else {
      throw CreditError("invalidToken", "the token belongs to another store; begin without one")
    }
    guard token.entries == nil || token.entries == Self.digest(entries) else {
      throw CreditError(
        "invalidToken",
        "the token was read up to for other entries; those it did not ask for would be left out")
    }
    let instant = token.commit == 0 ? nil : snapshot.database.engine.instant(of: token.commit)
    guard token.commit <= snapshot.commit || token.instant != instant else {
      throw CreditError(
        "invalidToken",
        "the token is of commit \(token.commit), the snapshot of \(snapshot.commit); take a newer snapshot")
    }
    guard token.instant == instant else {
      throw CreditError(
        "invalidToken",
        "the store was put back to an earlier state since: what was read behind commit \(token.commit) may be undone; begin "
          + "without a token, and replace what you have")
    }
    if let place = token.place {
      let entry = try snapshot.entries([place.entry])
      guard entry.allSatisfy(place.isKept) else {
        throw CreditError(
          "invalidToken",
          "entry \(place.entry) lost an item since, or got one back, by which the token knew how far commit \(token.commit) was read; begin with the token "
            + "before it, or without one")
      }
    }
    self = token
  }
}
