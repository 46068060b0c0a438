// Owns `--as-of`: which past state a question is about.
// Invariants: a number is a commit, and a day where it has eight digits and no commit has it; a day means its end in Asia/Shanghai, a time without a fraction the end of
// its second, because that is how the command prints the instants of commits.

import ArgumentParser
import CreditModel
import CreditStore
import Foundation

/// A past state of the store.
struct AsOfOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "State as of a commit, a day, or an instant such as 2026-01-31T08:00:00Z.", valueName: "commit|instant")
  )
  var asOf: String?

  /// The state asked for; the present one without the option.
  func snapshot(_ database: CreditDatabase) throws -> CreditSnapshot {
    guard let text = asOf else { return database.snapshot() }
    if let commit = UInt64(text) {
      let last = database.snapshot().commit
      if commit <= last { return database.snapshot(asOf: commit) }
      // Eight digits behind all commits are a day.
      guard text.utf8.count == 8, let date = Self.instant(text) else {
        throw CreditError("unknownCommit", "the store has no commit \(commit); the last is \(last)")
      }
      return database.snapshot(asOf: date)
    }
    guard let instant = Self.instant(text) else {
      throw ValidationError("--as-of must be a commit number or an instant such as 2026-01-31T08:00:00Z")
    }
    return database.snapshot(asOf: instant)
  }

  /// ISO 8601 with a zone; without one the clock of Asia/Shanghai; a bare date means its end. Days and times there are not, such as 31 November, are none.
  private static func instant(_ text: String) -> Date? {
    guard let second = Second(text) else { return nil }
    let isDate = !text.contains(":")
    // `Second` drops fractions; commits lie within seconds.
    let fraction = text.firstMatch(of: /:\d{2}(\.\d{1,9})/).flatMap { Double("0" + $0.1) } ?? 0.999
    let seconds = second.secondsSinceEpoch - 8 * 3600 + (isDate ? 86_399 : 0)
    return Date(timeIntervalSince1970: Double(seconds) + (isDate ? 0.999 : fraction))
  }
}
