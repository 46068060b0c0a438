// Owns the place where a page of records ended, as text that callers keep.
// Invariants: belongs to one store and one query; a cursor of another is an error, never a wrong page. Holds values of the last record:
// who gives it to others gives these away.

import Foundation
import SegmentStore

/// Where a page ended.
struct RecordCursor: Codable, Equatable {
  /// Digest of store and query.
  var query: String
  var commit: UInt64
  /// Values of the order's columns, as stored: numbers or the Base64 of texts.
  var numbers: [Int64?]
  var texts: [Data?]
  var entry: String
  var key: String
  var record: String
  /// Commit of the record's version.
  var version: Int64

  /// The subject key.
  var subject: UInt128 { UInt128(key, radix: 16) ?? 0 }

  /// The digest of what a cursor belongs to; pages of another size go on from it. A filter counts as this build describes it: after an
  /// update a cursor may have to be begun anew.
  static func digest(_ query: RecordQuery, store: String) -> String {
    var hasher = SHA256()
    func add(_ text: String) {
      // Each part with its length, so that no two lists run together.
      hasher.update(Array("\(text.utf8.count):".utf8))
      hasher.update(Array(text.utf8))
    }
    add(store)
    for entry in Set(query.entries).sorted() { add(entry) }
    add(query.filter.map { "\($0)" } ?? "")
    for order in query.order { add((order.isDescending ? "-" : "+") + order.column) }
    return Data(hasher.finalize().prefix(12)).base64EncodedString()
  }

  /// The text form.
  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(self).base64EncodedString()
  }

  /// Reads the text form.
  init(_ text: String, query: RecordQuery, store: String) throws {
    guard text.utf8.count <= 1 << 20, let data = Data(base64Encoded: text),
      let cursor = try? JSONDecoder().decode(RecordCursor.self, from: data),
      cursor.numbers.count == query.order.count, cursor.texts.count == query.order.count,
      UInt128(cursor.key, radix: 16) != nil
    else {
      throw CreditError("invalidCursor", "the cursor is not one of this library; begin with the first page")
    }
    guard cursor.query == Self.digest(query, store: store) else {
      throw CreditError(
        "invalidCursor", "the cursor belongs to another query or another store; begin with the first page")
    }
    self = cursor
  }

  init(
    query: String, commit: UInt64, values: [QueryValue], entry: String, key: UInt128, record: String,
    version: Int64
  ) {
    self.query = query
    self.commit = commit
    numbers = values.map { if case .number(let number) = $0 { number } else { nil } }
    texts = values.map { if case .text(let text) = $0 { Data(text) } else { nil } }
    self.entry = entry
    self.key = String(key, radix: 16)
    self.record = record
    self.version = version
  }

  /// Values of the order's columns.
  var values: [QueryValue] {
    zip(numbers, texts).map { number, text in
      number.map(QueryValue.number) ?? text.map { .text(Array($0)) } ?? .null
    }
  }
}
