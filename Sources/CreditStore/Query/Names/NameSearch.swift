// Owns finding the subjects whose names fit best, among the rows one thread gets.
// Invariants: a subject stands there once for each of its names; what is given up would come behind the answer; the answer depends on no thread count.

import CreditModel
import SegmentStore

/// A subject under one of its names.
struct NameCandidate {
  struct Key: Hashable {
    var subject: UInt128
    /// Normalised.
    var name: [UInt8]
  }

  var key: Key
  var match: NameMatch

  /// Better matches first, then shorter names, then the order of bytes.
  static func precedes(_ left: NameCandidate, _ right: NameCandidate) -> Bool {
    if left.match != right.match { return left.match < right.match }
    if left.key.name.count != right.key.name.count { return left.key.name.count < right.key.name.count }
    if left.key.name != right.key.name { return left.key.name.lexicographicallyPrecedes(right.key.name) }
    return left.key.subject < right.key.subject
  }
}

/// What one thread finds.
final class NameSearch: QueryWorker {
  private let pattern: NamePattern
  private let wanted: Int
  /// The item with the name, by its place among the items of the question.
  private let column: Int
  private var found: [NameCandidate.Key: NameCandidate] = [:]
  private var worst: NameCandidate?
  private var scratch: [UInt8] = []
  /// By code of the dictionary: 0 for a word that does not match, else one more than its place in `words`.
  private var memo = WordMemo()
  private var words: [(match: NameMatch, length: Int)] = []

  init(_ pattern: NamePattern, wanted: Int, column: Int) {
    self.pattern = pattern
    self.wanted = wanted
    self.column = column
  }

  var skipped: SkippedRows { SkippedRows() }
  var candidates: [NameCandidate] { Array(found.values) }

  func add(_ vector: inout RowVector, _ context: QueryContext) throws -> Bool {
    guard vector.selectedCount > 0 else { return true }
    guard let codes = try vector.codes(column) else {
      try vector.selection.visit { try look(at: $0, &vector) }
      return true
    }
    if memo.begin(vector.chunkNumber, count: vector.wordCount(column)) { words.removeAll() }
    try vector.selection.visit { place in
      let word = Int(codes[place])
      guard word < memo.count else {
        // Without a value, or one that is no word of the dictionary.
        return try look(at: place, &vector)
      }
      if memo.places[word] == WordMemo.unknown { try judge(word, &vector) }
      switch memo.places[word] {
      case 0: return
      case WordMemo.template: try look(at: place, &vector)
      case let number:
        let known = words[Int(number) - 1]
        if !isBehind(known.match, known.length) { try look(at: place, &vector) }
      }
    }
    return true
  }

  /// Compares a word of the dictionary, once.
  private func judge(_ word: Int, _ vector: inout RowVector) throws {
    let (text, holes) = try vector.word(column, word)
    guard holes == 0 else {
      memo.places[word] = WordMemo.template
      return
    }
    guard let match = pattern.match(text, &scratch) else {
      memo.places[word] = 0
      return
    }
    words.append((match, scratch.count))
    memo.places[word] = UInt32(words.count)
  }

  /// Whether a name comes behind all that are wanted, as far as its match and its length tell.
  private func isBehind(_ match: NameMatch, _ length: Int) -> Bool {
    guard let worst else { return false }
    return match != worst.match ? match > worst.match : length > worst.key.name.count
  }

  private func look(at place: Int, _ vector: inout RowVector) throws {
    let match: NameMatch? = try vector.withText(column, place) { text in
      guard let text, let match = pattern.match(text, &scratch), !isBehind(match, scratch.count) else {
        return nil
      }
      return match
    }
    guard let match else { return }
    add(NameCandidate(key: NameCandidate.Key(subject: try vector.key(place), name: scratch), match: match))
  }

  private func add(_ candidate: NameCandidate) {
    found[candidate.key] = candidate
    if found.count >= 2 * wanted + 1024 { cut() }
  }

  /// Adds what others found.
  func merge(_ others: [NameCandidate]) {
    for candidate in others { add(candidate) }
    cut()
  }

  /// Keeps what may be wanted.
  private func cut() {
    guard found.count >= wanted else { return }
    let best = found.values.sorted(by: NameCandidate.precedes).prefix(wanted)
    found = Dictionary(uniqueKeysWithValues: best.map { ($0.key, $0) })
    worst = best.last
  }
}
