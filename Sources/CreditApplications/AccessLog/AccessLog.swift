// Owns writing this process's part of the access log.
// Invariants: nobody gets an answer before its line is handed to the log; lines are on disk at most a thousand of them, or some ten milliseconds, later, and
// before the answer where the platform waits for them. When the log cannot be written, nothing is answered any more.

import CreditModel
import CreditStore
import Foundation
import Synchronization

final class AccessLog: Sendable {
  private struct State {
    var file: LogFile?
    var hash: [UInt8] = []
    var lines = 0
    /// Subjects in the lines of the file.
    var subjects = 0
    /// Number of the last line in the file, for waiting until it is on disk.
    var last = 0
    var isClosed = false
  }

  /// Lines of a file, after which the next one is begun; subjects count as lines.
  static let linesOfFile = 100_000
  private static let attempts = 5

  let folder: LogFolder
  private let store: String
  let key: [UInt8]
  private let waits: Bool
  private let now: @Sendable () -> Int64
  private let state = Mutex(State())

  init(folder: LogFolder, store: String, key: [UInt8], waits: Bool, now: @escaping @Sendable () -> Int64) {
    self.folder = folder
    self.store = store
    self.key = key
    self.waits = waits
    self.now = now
  }

  /// The hash under which a subject stands in the log: 128 bits under the deployment's key.
  func hash(of subject: Identifier) -> String {
    let text = "\(subject.kind.rawValue)|\(subject.text)"
    return ContentDigest.hex(ContentDigest.sha256(key + Array(text.utf8)).prefix(16))
  }

  /// Eight characters that only this deployment can make of a text: what verifies the number of a report.
  func code(of text: String) -> String {
    ContentDigest.hex(ContentDigest.sha256(key + Array(text.utf8)).prefix(4)).uppercased()
  }

  /// Writes a line; its sequence and instant are given here.
  func append(_ entry: AccessLogEntry) throws {
    let (file, number) = try appended(entry)
    if waits { try file.waitUntilSynced(number) }
  }

  private func appended(_ entry: AccessLogEntry) throws -> (LogFile, Int) {
    try state.withLock { state in
      guard !state.isClosed else { throw CreditError("closed", "the platform is closed") }
      if state.lines + state.subjects >= Self.linesOfFile {
        try state.file?.close()
        state.file = nil
      }
      let file = try state.file ?? begin(&state)
      var entry = entry
      entry.sequence = state.lines + 1
      entry.instant = now()
      let (line, hash) = try LogChain.line(entry, after: state.hash, key: key)
      let number = try file.append(line)
      (state.hash, state.lines, state.last) = (hash, entry.sequence, number)
      state.subjects += entry.subjects.count
      return (file, number)
    }
  }

  private func begin(_ state: inout State) throws(CreditError) -> LogFile {
    var made: (name: String, file: LogFile)?
    for attempt in 0..<Self.attempts where made == nil {
      let random = (0..<8).map { _ in UInt8.random(in: .min ... .max) }
      let name = "access-\(now())-\(ContentDigest.hex(random))" + LogChain.ending
      // Whoever folds files may take a new one for one that was left behind, before its lock is held.
      do { made = (name, try folder.make(name)) } catch {
        if attempt == Self.attempts - 1 { throw error }
      }
    }
    guard let (name, file) = made else { throw CreditError("failed", "no file for the log") }
    let (line, hash) = try LogChain.head(store: store, file: name, key: key)
    _ = try file.append(line)
    (state.file, state.hash, state.lines, state.subjects) = (file, hash, 0, 0)
    return file
  }

  /// Waits until all that was logged is on disk, so that whoever reads the files sees it.
  func flush() throws {
    let (file, last) = state.withLock { ($0.file, $0.last) }
    if let file { try file.waitUntilSynced(last) }
  }

  /// Puts what was logged on disk and gives the file free; the next line begins another one.
  func seal() throws {
    try state.withLock { state in
      try state.file?.close()
      state.file = nil
    }
  }

  /// Puts what was logged on disk; nothing is logged any more.
  func close() throws {
    try seal()
    state.withLock { $0.isClosed = true }
  }
}
