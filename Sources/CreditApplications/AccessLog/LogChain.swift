// Owns the chain of a log file: its lines, their hashes, and reading them back.
// Invariants: a line's hash is a keyed SHA-256 over the hash of the line before and the bytes of its own fields, under the key of the deployment; the first
// follows the hash of the head line, which names the store and the file. So nobody without the store can change, move, take out or put in a line unseen. What
// is cut off the end of a file that was not folded yet cannot be told from what was never written: keep such files where only the service may write.
// Does not write files.

package import CreditStore
import Foundation

/// What stands in a log file.
package enum LogChain {
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
  package struct Content {
    package var entries: [AccessLogEntry] = []
    /// The hash of the last line.
    package var hash: [UInt8]
    /// Bytes of a last line that was not written to its end.
    package var tornBytes = 0
  }

  static let ending = ".jsonl"

  /// The bytes of the head, and its hash.
  package static func head(
    store: String, file: String, key: [UInt8]
  ) throws(CreditError) -> (line: [UInt8], hash: [UInt8]) {
    let line = try json(Head(log: 1, store: store, file: file))
    return (line, keyed(line, key))
  }

  /// A keyed hash: twice, so that nobody goes on from it without the key.
  private static func keyed(_ bytes: [UInt8], _ key: [UInt8]) -> [UInt8] {
    ContentDigest.sha256(key + ContentDigest.sha256(key + bytes))
  }

  /// The bytes of a line behind a hash, and its own.
  package static func line(
    _ entry: AccessLogEntry, after hash: [UInt8], key: [UInt8]
  ) throws(CreditError) -> (line: [UInt8], hash: [UInt8]) {
    let next = next(entry, after: hash, key: key)
    return (try json(Line(entry: entry, hash: ContentDigest.hex(next))), next)
  }

  /// The hash of a line behind another.
  static func next(_ entry: AccessLogEntry, after hash: [UInt8], key: [UInt8]) -> [UInt8] {
    keyed(hash + entry.canonicalBytes, key)
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
  ///   - key: the key of the deployment.
  /// - Throws: `CreditError`, code `logTampered`, with the line at fault.
  package static func read(
    _ bytes: [UInt8], file: String, store: String, key: [UInt8]
  ) throws(CreditError) -> Content {
    func tampered(_ row: Int, _ what: String) -> CreditError {
      CreditError("logTampered", what, file: file, row: row)
    }
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    // What follows the last line feed was not written to its end.
    let torn = lines.popLast()?.count ?? 0
    guard let first = lines.first else { return Content(hash: [], tornBytes: torn) }
    let head = try? JSONDecoder().decode(Head.self, from: Data(first))
    guard head == Head(log: 1, store: store, file: file) else {
      throw tampered(1, "the first line does not name this store and this file")
    }
    var content = Content(hash: keyed(Array(first) + [0x0A], key), tornBytes: torn)
    for (number, bytes) in lines.enumerated().dropFirst() {
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(bytes)) else {
        throw tampered(number + 1, "a line is none of the log")
      }
      content.hash = next(line.entry, after: content.hash, key: key)
      guard line.entry.sequence == number, line.hash == ContentDigest.hex(content.hash) else {
        throw tampered(
          number + 1, "the chain breaks: a line was changed, moved, added or taken out at or before this one")
      }
      content.entries.append(line.entry)
    }
    return content
  }
}
