// Owns the chain of a log file: its lines, their hashes, and reading them back.
// Invariants: a line's hash is SHA-256 over the hash of the line before and the bytes of its own fields; the first follows the hash of the head line, which
// names the store and the file. So no line can be changed, moved, taken out or put in without changing all that follow.
// Does not write files.

import CreditStore
import Foundation

/// What stands in a log file.
enum LogChain {
  /// The first line.
  struct Head: Codable, Equatable {
    /// Version of the form.
    var log: Int
    /// UUID of the store.
    var store: String
    /// Name of the file.
    var file: String
  }

  /// A line with its hash.
  private struct Line: Codable {
    var entry: AccessLogEntry
    var hash: String
  }

  /// What a file holds.
  struct Content {
    var entries: [AccessLogEntry] = []
    /// The hash of the last line.
    var hash: [UInt8]
    /// Bytes of a last line that was not written to its end.
    var tornBytes = 0
  }

  static let ending = ".jsonl"

  /// The bytes of the head, and its hash.
  static func head(store: String, file: String) throws(CreditError) -> (line: [UInt8], hash: [UInt8]) {
    let line = try json(Head(log: 1, store: store, file: file))
    return (line, ContentDigest.sha256(line))
  }

  /// The bytes of a line behind a hash, and its own.
  static func line(
    _ entry: AccessLogEntry, after hash: [UInt8]
  ) throws(CreditError) -> (line: [UInt8], hash: [UInt8]) {
    let next = next(entry, after: hash)
    return (try json(Line(entry: entry, hash: ContentDigest.hex(next))), next)
  }

  /// The hash of a line behind another.
  static func next(_ entry: AccessLogEntry, after hash: [UInt8]) -> [UInt8] {
    ContentDigest.sha256(hash + entry.canonicalBytes)
  }

  private static func json(_ value: some Encodable) throws(CreditError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return Array(try encoder.encode(value)) + [0x0A] } catch {
      throw CreditError("failed", "a line of the log cannot be written: \(error)")
    }
  }

  /// Reads a file and checks its chain.
  ///
  /// - Parameters:
  ///   - bytes: the file.
  ///   - file: its name.
  ///   - store: UUID of the store it must belong to.
  /// - Throws: `CreditError`, code `logTampered`, with the line at fault.
  static func read(_ bytes: [UInt8], file: String, store: String) throws(CreditError) -> Content {
    func tampered(_ row: Int, _ what: String) -> CreditError {
      CreditError("logTampered", what, file: file, row: row)
    }
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    // What follows the last line feed was not written to its end; nobody was told that it was.
    let torn = lines.popLast()?.count ?? 0
    guard let first = lines.first else { return Content(hash: [], tornBytes: torn) }
    let head = try? JSONDecoder().decode(Head.self, from: Data(first))
    guard head == Head(log: 1, store: store, file: file) else {
      throw tampered(1, "the first line does not name this store and this file")
    }
    var content = Content(hash: ContentDigest.sha256(Array(first) + [0x0A]), tornBytes: torn)
    for (number, bytes) in lines.enumerated().dropFirst() {
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(bytes)) else {
        throw tampered(number + 1, "a line is none of the log")
      }
      content.hash = next(line.entry, after: content.hash)
      guard line.entry.sequence == number, line.hash == ContentDigest.hex(content.hash) else {
        throw tampered(
          number + 1, "the chain breaks: a line was changed, moved, added or taken out at or before this one")
      }
      content.entries.append(line.entry)
    }
    return content
  }
}
