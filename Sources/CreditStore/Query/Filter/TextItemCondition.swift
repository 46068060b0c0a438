// Owns running a condition on a text item: on the words of its dictionary where it has one, on the texts of rows where not.
// Invariants: words are decided once a chunk; a row whose template leaves it open is decided on its own text; rows of one subject whose text
// is that of their key are decided once. Marked kernel: truth has room for the rows of a vector.

import SegmentStore

/// A condition on a text item, on one thread.
final class TextItemCondition {
  /// Behind the three truths: the words of a template leave it open.
  private static let open: UInt8 = 3

  private let condition: TextCondition
  private let item: Int
  private let usesWords: Bool
  private var chunk = -1
  /// By code, and behind all codes what stands for "no value".
  private var words: [UInt8] = []
  /// Codes of the first and last word that may satisfy it.
  private var wanted: ClosedRange<Int64>?
  private var searches: [Int: DigitSearch] = [:]

  init(_ condition: TextCondition, item: Int, usesWords: Bool) {
    self.condition = condition
    self.item = item
    self.usesWords = usesWords
  }

  /// Why no row of a vector of a column with a dictionary can satisfy it, or `nil`.
  func reasonNoneCan(_ vector: inout RowVector, usesZoneMaps: Bool) throws(StoreError) -> SkippedRows.Reason?
  {
    try decideWords(&vector)
    guard let wanted else { return .dictionary }
    guard usesZoneMaps, let bounds = vector.bounds(item), !bounds.overlaps(wanted) else { return nil }
    return .zoneMap
  }

  private func decideWords(_ vector: inout RowVector) throws(StoreError) {
    guard chunk != vector.chunkNumber else { return }
    chunk = vector.chunkNumber
    let count = vector.wordCount(item)
    words = [UInt8](repeating: Truth.no, count: count + 1)
    words[count] = Truth.unknown
    searches = [:]
    var (first, last) = (Int.max, -1)
    for code in 0..<count {
      let (text, holes) = try vector.word(item, code)
      if holes == 0 {
        words[code] = condition.holds(text) ? Truth.yes : Truth.no
      } else if let decided = condition.decide(text) {
        words[code] = decided ? Truth.yes : Truth.no
      } else {
        words[code] = Self.open
        searches[code] = condition.digitSearch(text)
      }
      if words[code] != Truth.no { (first, last) = (min(first, code), code) }
    }
    wanted = last >= 0 ? Int64(first)...Int64(last) : nil
  }

  /// Writes the truth of the selected rows, by their places.
  func evaluate(_ vector: inout RowVector, to truth: UnsafeMutablePointer<UInt8>) throws(StoreError) {
    guard usesWords, let codes = try vector.codes(item) else {
      try evaluateTexts(&vector, to: truth)
      return
    }
    try decideWords(&vector)
    var isOpen = false
    let absent = UInt32(words.count - 1)
    words.withUnsafeBufferPointer { words in
      vector.forEach { place in
        let found = words[Int(min(codes[place], absent))]
        truth[place] = found
        if found == Self.open { isOpen = true }
      }
    }
    if isOpen { try evaluateTemplates(&vector, codes, to: truth) }
  }

  private func evaluateTemplates(
    _ vector: inout RowVector, _ codes: UnsafePointer<UInt32>, to truth: UnsafeMutablePointer<UInt8>
  ) throws(StoreError) {
    var last: (code: UInt32, search: DigitSearch?)?
    for index in 0..<vector.selectedCount {
      let place = Int(vector.selection[index])
      guard truth[place] == Self.open else { continue }
      if last?.code != codes[place] { last = (codes[place], searches[Int(codes[place])]) }
      let holds: Bool
      if let search = last?.search {
        holds = try search.holds { (hole) throws(StoreError) in try vector.number(item, hole, place) }
      } else {
        holds = try vector.withText(item, place) { $0.map(condition.holds) ?? false }
      }
      truth[place] = holds ? Truth.yes : Truth.no
    }
  }

  private func evaluateTexts(
    _ vector: inout RowVector, to truth: UnsafeMutablePointer<UInt8>
  ) throws(StoreError) {
    var last: (key: UInt128, truth: UInt8)?
    for index in 0..<vector.selectedCount {
      let place = Int(vector.selection[index])
      let isKey = try vector.isKeyText(item, place)
      let key = isKey ? try vector.key(place) : 0
      if isKey, let last, last.key == key {
        truth[place] = try vector.hasText(item, place) ? last.truth : Truth.unknown
        continue
      }
      truth[place] = try vector.withText(item, place) { text in
        text.map { condition.holds($0) ? Truth.yes : Truth.no } ?? Truth.unknown
      }
      if isKey, truth[place] != Truth.unknown { last = (key, truth[place]) }
    }
  }
}
