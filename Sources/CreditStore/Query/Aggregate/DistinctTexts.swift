// Owns counting the different texts of one item over all rows of a question.
// Invariants: a text is met once whatever segment, dictionary or form it comes from; numbers beside a template are never put together to a
// text. Marked kernel: buffers have room for the rows of a vector, tables for the codes of a chunk.
// Does not count by group.

import SegmentStore

/// The different texts of an item, on one thread.
final class DistinctTexts {
  /// What is known of a word of the dictionary at hand.
  private enum Word {
    static let unknown: UInt8 = 0
    static let met: UInt8 = 1
    /// A template whose numbers tell its texts apart.
    static let template: UInt8 = 2
    /// A template whose texts are looked at one by one.
    static let rendered: UInt8 = 3
  }

  private let item: Int
  private let keys: TextKeys
  private let met = DistinctKeys()
  private var others: [DistinctTexts] = []
  private let byteLimit: Int
  /// Bytes from which doubles are taken out.
  private var nextRemoval: Int

  private var chunk = -1
  /// By code, and behind all codes what stands for "no value".
  private var words: [UInt8] = []
  /// By code, the upper half of the keys of a template's texts; 0 for other words.
  private var halves: [UInt64] = []
  /// For each number of templates, by code, where it stands in the lower half; 64 = nowhere.
  private var shifts: [[UInt64]] = []
  /// For each number of templates, by code, the first that has too many digits.
  private var limits: [[UInt64]] = []
  private let highs = UnsafeMutablePointer<UInt64>.allocate(capacity: RowVector.capacity)
  private let lows = UnsafeMutablePointer<UInt64>.allocate(capacity: RowVector.capacity)

  /// - Parameter byteLimit: bytes it may take.
  init(_ item: Int, _ templates: TemplateNumbers, byteLimit: Int) {
    self.item = item
    keys = TextKeys(templates)
    self.byteLimit = byteLimit
    nextRemoval = byteLimit / 4
  }

  deinit {
    highs.deallocate()
    lows.deallocate()
  }

  var byteCount: Int {
    met.byteCount + keys.byteCount + words.capacity + halves.capacity * 8 * (1 + 2 * shifts.count)
  }

  // MARK: Adding

  /// Meets the texts of the selected rows of a vector.
  func add(_ vector: inout RowVector) throws(StoreError) {
    if let codes = try vector.codes(item) {
      try addCodes(codes, &vector)
    } else if let shared = try vector.sharedTexts(item) {
      try addShared(shared, &vector)
    } else {
      try vector.selection.visit { (place) throws(StoreError) in try addText(&vector, place) }
    }
    if met.byteCount > nextRemoval {
      met.removeDoubles()
      // Not again before there are half as many more, and not at all where little room is left: what is left is all different.
      let next = min(byteLimit / 8 * 7, max(byteLimit / 4, met.byteCount + met.byteCount / 2))
      nextRemoval = met.byteCount > byteLimit / 4 * 3 ? .max : next
    }
  }

  private func addShared(_ shared: SharedTextRows, _ vector: inout RowVector) throws(StoreError) {
    let rows = vector.selection
    try rows.visit(shared.runs) { (key, indexes) throws(StoreError) in
      var isMet = false
      for index in indexes {
        let place = rows.place(index)
        switch shared.kind(place) {
        case SharedText.none: continue
        case SharedText.own: try addText(&vector, place)
        default:
          guard !isMet else { continue }
          isMet = true
          guard shared.isOfKeys else {
            try addText(&vector, place)
            continue
          }
          let text = try keys.key(ofSubject: key)
          if TextKeys.listedNumber(text) == nil { met.add(text) }
        }
      }
    }
  }

  private func addText(_ vector: inout RowVector, _ place: Int) throws(StoreError) {
    let key = try vector.withText(item, place) { $0.map { keys.key(of: $0) } }
    // Listed texts are counted as they stand in the list.
    if let key, TextKeys.listedNumber(key) == nil { met.add(key) }
  }

  private func addCodes(_ codes: UnsafePointer<UInt32>, _ vector: inout RowVector) throws(StoreError) {
    if chunk != vector.chunkNumber {
      chunk = vector.chunkNumber
      let count = vector.wordCount(item)
      words = [UInt8](repeating: Word.unknown, count: count + 1)
      words[count] = Word.met
      (halves, shifts, limits) = ([], [], [])
    }
    let absent = UInt32(words.count - 1)
    var (hasUnknown, hasTemplates, hasRendered) = (false, false, false)
    let rows = vector.selection
    func look() {
      words.withUnsafeBufferPointer { words in
        rows.visit { place in
          let word = words[Int(min(codes[place], absent))]
          if word == Word.unknown { hasUnknown = true }
          if word == Word.template { hasTemplates = true }
          if word == Word.rendered { hasRendered = true }
        }
      }
    }
    look()
    if hasUnknown {
      try rows.visit { (place) throws(StoreError) in
        let code = Int(min(codes[place], absent))
        if words[code] == Word.unknown { try meet(code, &vector) }
      }
      look()
    }
    if hasTemplates { try addTemplates(codes, &vector) }
    if hasRendered {
      try rows.visit { (place) throws(StoreError) in
        if words[Int(min(codes[place], absent))] == Word.rendered { try addText(&vector, place) }
      }
    }
  }

  /// Looks at a word for the first time.
  private func meet(_ code: Int, _ vector: inout RowVector) throws(StoreError) {
    let (text, count) = try vector.word(item, code)
    guard count > 0 else {
      let key = keys.key(of: text)
      if TextKeys.listedNumber(key) == nil { met.add(key) }
      words[code] = Word.met
      return
    }
    guard let shape = keys.shape(ofTemplate: text) else {
      words[code] = Word.rendered
      return
    }
    if halves.isEmpty { halves = Array(repeating: 0, count: words.count) }
    halves[code] = shape.high
    for (hole, shift) in shape.shifts.enumerated() {
      if hole == shifts.count {
        shifts.append(Array(repeating: 64, count: words.count))
        limits.append(Array(repeating: .max, count: words.count))
      }
      shifts[hole][code] = shift
      limits[hole][code] = shape.limits[hole]
    }
    words[code] = Word.template
  }

  /// Puts the keys of texts together from their templates and numbers.
  private func addTemplates(_ codes: UnsafePointer<UInt32>, _ vector: inout RowVector) throws(StoreError) {
    let (highs, lows) = (highs, lows)
    let rows = vector.selection
    let absent = UInt32(words.count - 1)
    halves.withUnsafeBufferPointer { halves in
      rows.visit { place in
        highs[place] = halves[Int(min(codes[place], absent))]
        lows[place] = 0
      }
    }
    for hole in shifts.indices {
      let numbers = try vector.numbers(item, hole: hole)
      var isTooLong = false
      let limits = limits[hole]
      limits.withUnsafeBufferPointer { limits in
        shifts[hole].withUnsafeBufferPointer { shifts in
          rows.visit { place in
            let (code, number) = (Int(min(codes[place], absent)), UInt64(bitPattern: numbers[place]))
            // A shift of 64 leaves nothing.
            lows[place] |= number << shifts[code]
            if number >= limits[code] { isTooLong = true }
          }
        }
      }
      guard !isTooLong else {
        throw StoreError(.damaged, "a number beside a template has more digits than its place")
      }
    }
    let met = met
    // Rows of other words have 0.
    rows.visit { place in if highs[place] > 0 { met.add(TextKeys.key(highs[place], lows[place])) } }
  }

  // MARK: Results

  /// Adds what another thread met.
  func merge(_ other: DistinctTexts) { others.append(other) }

  /// How many different texts were met.
  func count(threads: Int) -> Int {
    let listed = keys.listed
    for other in others {
      for number in 0..<other.keys.listed.count { _ = listed.number(of: other.keys.listed[number]) }
    }
    return listed.count + DistinctKeys.count([met] + others.map(\.met), threads: threads)
  }
}
