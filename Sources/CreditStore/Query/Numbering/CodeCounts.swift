// Owns counting rows by the codes of their dictionaries, before the words of these have numbers.
// Invariants: a row is counted once; what a thread counts so is bounded, beyond that words are numbered at once; threads that met the same dictionary
// add up their counts, so that its words are numbered once for all of them.
// Does not number words (ColumnNumbering).

import SegmentStore

/// Rows of each word of some dictionaries.
struct CodeCounts {
  /// The rows of one dictionary.
  struct Dictionary {
    fileprivate let chunk: ChunkIdentity
    /// Gives the words.
    let words: ColumnWords
    /// By code, and behind all codes the rows without a value.
    fileprivate(set) var counts: [UInt32]
  }

  /// What a dictionary costs beside its counts, in counts.
  private static let dictionaryCost = 64

  /// Counts kept at most, but for one dictionary.
  private let limit: Int
  private var dictionaries: [Dictionary] = []
  private var places: [ChunkIdentity: Int] = [:]
  private var total = 0
  private var present = 0

  init(limit: Int) { self.limit = limit }

  /// Bytes of the counts.
  var byteCount: Int { total * 4 }

  /// Prepares for the rows of a vector; false where there is no room for its dictionary, until the counts are taken.
  mutating func begin(_ vector: borrowing RowVector, _ item: Int) -> Bool {
    guard let chunk = vector.chunkIdentity else { return false }
    if present < dictionaries.count, dictionaries[present].chunk == chunk { return true }
    if let place = places[chunk] {
      present = place
      return true
    }
    let count = vector.wordCount(item) + 1
    guard dictionaries.isEmpty || total + count + Self.dictionaryCost <= limit else { return false }
    present = append(
      Dictionary(
        chunk: chunk, words: vector.columnWords(item), counts: [UInt32](repeating: 0, count: count)))
    return true
  }

  private mutating func append(_ dictionary: Dictionary) -> Int {
    total += dictionary.counts.count + Self.dictionaryCost
    places[dictionary.chunk] = dictionaries.count
    dictionaries.append(dictionary)
    return dictionaries.count - 1
  }

  /// Counts the selected rows of the vector it was prepared for.
  mutating func add(_ codes: UnsafePointer<UInt32>, _ rows: RowSelection) {
    dictionaries[present].counts.withUnsafeMutableBufferPointer { counts in
      let absent = UInt32(counts.count - 1)
      rows.visit { counts[Int(min(codes[$0], absent))] &+= 1 }
    }
  }

  /// Adds what another thread counted.
  mutating func merge(_ other: CodeCounts) {
    for dictionary in other.dictionaries {
      guard let place = places[dictionary.chunk] else {
        _ = append(dictionary)
        continue
      }
      for code in dictionary.counts.indices { dictionaries[place].counts[code] &+= dictionary.counts[code] }
    }
  }

  /// Gives all counts, which are empty then.
  mutating func take() -> [Dictionary] {
    defer {
      (dictionaries, total, present) = ([], 0, 0)
      places = [:]
    }
    return dictionaries
  }
}
