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

    var subject: UInt128 { UInt128(key, radix: 16) ?? 0 }
  }

  /// The store.
  var store: String
  /// The commit that was being read, or was read to its end.
  var commit: UInt64
  /// When it was made: tells it from another commit of this number, made after an earlier state was restored. Absent for commit 0.
  var instant: Int64?
  /// `nil` behind all of the commit.
  var place: Place?

  /// The text form.
  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(self).base64EncodedString()
  }

  init(store: String, commit: UInt64, instant: Int64?, place: Place? = nil) {
    self.store = store
    self.commit = commit
    self.instant = instant
    self.place = place
  }

  /// Reads the text form and checks it against the store.
  init(_ text: String, for snapshot: CreditSnapshot) throws {
    guard text.utf8.count <= 1 << 20, let data = Data(base64Encoded: text),
      let token = try? JSONDecoder().decode(ChangeToken.self, from: data),
      token.place.map({ UInt128($0.key, radix: 16) != nil }) ?? true
    else {
      throw CreditError("invalidToken", "the token is not one of this library; begin without one")
    }
    guard token.store == snapshot.database.identifier else {
      throw CreditError("invalidToken", "the token belongs to another store; begin without one")
    }
    let instant = token.commit == 0 ? nil : snapshot.database.engine.instant(of: token.commit)
    guard token.commit <= snapshot.commit, token.instant == instant else {
      throw CreditError(
        "invalidToken",
        "the store was put back to an earlier state since: what was read behind commit \(token.commit) may be undone; begin "
          + "without a token, and replace what you have")
    }
    self = token
  }
}
