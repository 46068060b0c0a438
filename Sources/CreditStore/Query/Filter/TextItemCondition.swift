// Owns running a condition on a text item: on the words of its dictionary where it has one, on the texts of rows where not.
// Invariants: words are decided once a chunk; a row whose template leaves it open is decided on its own text; rows of one subject that share
// a text are decided once. Marked kernel: truth has room for the rows of a vector.

import SegmentStore

/// A condition on a text item, on one thread.
final class TextItemCondition {
  /// Behind the three truths: the words of a template leave it open.
  private static let open: UInt8 = 3
  /// The same, and looking at the numbers alone decides.
  private static let searched: UInt8 = 4
  /// The same, and the numbers must be those of the text it is compared with.
  private static let compared: UInt8 = 5

  private let condition: TextCondition
  private let item: Int
  private let usesWords: Bool
  private var chunk = -1
  /// By code, and behind all codes what stands for "no value".
  private var words: [UInt8] = []
  /// Codes of the first and last word that may satisfy it.
  private var wanted: ClosedRange<Int64>?
  private let search: DigitSearch?
  /// For each number of a template and each code, and "no value" behind all codes, at how many digits of the number the wanted ones may begin.
  private var searchPlaces: [[UInt8]] = []
  /// The most of them, for each number of a template.
  private var mostPlaces: [UInt8] = []
  /// For each code that is compared, the numbers it must have.
  private var wantedNumbers: [UInt32: [UInt64]] = [:]
  private var hasOpen = false

  init(_ condition: TextCondition, item: Int, usesWords: Bool) {
    self.condition = condition
    self.item = item
    self.usesWords = usesWords
    search = condition.digitSearch
  }

  /// Bytes that it remembers of words.
  var byteCount: Int { words.capacity * (1 + searchPlaces.count) }

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
    hasOpen = false
    wantedNumbers = [:]
    (searchPlaces, mostPlaces) = ([], [])
    var (first, last) = (Int.max, -1)
    for code in 0..<count {
      let (text, holes) = try vector.word(item, code)
      if holes == 0 {
        words[code] = condition.holds(text) ? Truth.yes : Truth.no
      } else if let decided = condition.decide(text) {
        words[code] = decided ? Truth.yes : Truth.no
      } else {
        words[code] = decideOpen(code, text)
      }
      if words[code] != Truth.no { (first, last) = (min(first, code), code) }
    }
    wanted = last >= 0 ? Int64(first)...Int64(last) : nil
    // Rows of these do not satisfy it unless their numbers say so.
    if !searchPlaces.isEmpty {
      for code in 0..<count where words[code] == Self.searched { words[code] = Truth.no }
    }
  }

  /// How rows of a template are decided that leaves it open.
  private func decideOpen(_ code: Int, _ template: UnsafeRawBufferPointer) -> UInt8 {
    if let numbers = condition.equalNumbers(template) {
      wantedNumbers[UInt32(code)] = numbers
      return Self.compared
    }
    guard let places = search?.places(template) else {
      hasOpen = true
      return Self.open
    }
    while searchPlaces.count < places.count {
      searchPlaces.append([UInt8](repeating: 0, count: words.count))
      mostPlaces.append(0)
    }
    for (hole, places) in places.enumerated() {
      searchPlaces[hole][code] = places
      mostPlaces[hole] = max(mostPlaces[hole], places)
    }
    return Self.searched
  }

  /// Writes the truth of the selected rows, by their places.
  func evaluate(_ vector: inout RowVector, to truth: UnsafeMutablePointer<UInt8>) throws(StoreError) {
    guard usesWords, let codes = try vector.codes(item) else {
      try evaluateTexts(&vector, to: truth)
      return
    }
    try decideWords(&vector)
    let absent = UInt32(words.count - 1)
    words.withUnsafeBufferPointer { words in
      vector.selection.visit { place in
        truth[place] = words[Int(min(codes[place], absent))]
      }
    }
    if hasOpen || !searchPlaces.isEmpty || !wantedNumbers.isEmpty {
      try evaluateTemplates(&vector, codes, to: truth)
    }
  }

  private func evaluateTemplates(
    _ vector: inout RowVector, _ codes: UnsafePointer<UInt32>, to truth: UnsafeMutablePointer<UInt8>
  ) throws(StoreError) {
    if let search { try searchNumbers(search, &vector, codes, to: truth) }
    for (code, wanted) in wantedNumbers {
      for (hole, number) in wanted.enumerated() {
        let numbers = try vector.numbers(item, hole: hole)
        vector.selection.visit { place in
          if codes[place] == code, numbers[place] != Int64(bitPattern: number) { truth[place] = Truth.no }
        }
      }
      vector.selection.visit { if codes[$0] == code, truth[$0] == Self.compared { truth[$0] = Truth.yes } }
    }
    guard hasOpen else { return }
    try vector.selection.visit { (place) throws(StoreError) in
      guard truth[place] == Self.open else { return }
      let holds = try vector.withText(item, place) { $0.map(condition.holds) ?? false }
      truth[place] = holds ? Truth.yes : Truth.no
    }
  }

  /// Finds rows whose numbers have the wanted digits.
  private func searchNumbers(
    _ search: DigitSearch, _ vector: inout RowVector, _ codes: UnsafePointer<UInt32>,
    to truth: UnsafeMutablePointer<UInt8>
  ) throws(StoreError) {
    guard !searchPlaces.isEmpty else { return }
    let absent = UInt32(words.count - 1)
    for (hole, places) in searchPlaces.enumerated() {
      let most = mostPlaces[hole]
      guard most > 0 else { continue }
      let found = try vector.digitPlaces(
        item, hole: hole, wanted: search.wanted, digits: search.count, places: Int(most))
      // Digits in front of the places of a template are zeros of a longer number: what is found there does not count.
      places.withUnsafeBufferPointer { places in
        vector.selection.visit { place in
          let holds = found[place] < places[Int(min(codes[place], absent))]
          truth[place] = holds ? Truth.yes : truth[place]
        }
      }
    }
  }

  private func evaluateTexts(
    _ vector: inout RowVector, to truth: UnsafeMutablePointer<UInt8>
  ) throws(StoreError) {
    if let shared = try vector.sharedTexts(item) {
      try evaluateSharedTexts(&vector, shared, truth)
      return
    }
    try vector.selection.visit { (place) throws(StoreError) in
      truth[place] = try evaluateText(&vector, place)
    }
  }

  private func evaluateText(_ vector: inout RowVector, _ place: Int) throws(StoreError) -> UInt8 {
    try vector.withText(item, place) { text in
      text.map { condition.holds($0) ? Truth.yes : Truth.no } ?? Truth.unknown
    }
  }

  private func evaluateSharedTexts(
    _ vector: inout RowVector, _ shared: SharedTextRows, _ truth: UnsafeMutablePointer<UInt8>
  ) throws(StoreError) {
    let rows = vector.selection
    try rows.visit(shared.runs) { (_, indexes) throws(StoreError) in
      var known: UInt8?
      for index in indexes {
        let place = rows.place(index)
        switch shared.kind(place) {
        case SharedText.none: truth[place] = Truth.unknown
        case SharedText.own: truth[place] = try evaluateText(&vector, place)
        default:
          let found = if let known { known } else { try evaluateText(&vector, place) }
          known = found
          truth[place] = found
        }
      }
    }
  }
}
