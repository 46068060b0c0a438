// Owns counting rows by the codes of their dictionaries, before the words of these have numbers.
// Invariants: a row is counted once; what is counted is bounded, beyond that words are numbered at once; threads that met the same dictionary
// add up their counts, so that its words are numbered once for all of them. Marked kernel: codes are below the words of the dictionary.
// Does not number words (ColumnNumbering).

import SegmentStore

/// Rows of each word of some dictionaries.
struct CodeCounts {
  /// The rows of one dictionary.
  struct Dictionary {
    fileprivate let chunk: ChunkIdentity
    /// Gives the words; the values of no row are read with it.
    fileprivate(set) var words: ColumnCursor
    /// By code, and behind all codes the rows without a value.
    fileprivate(set) var counts: [UInt32]
  }

  /// Counts kept at most, but for one dictionary.
  private let limit: Int
  private var dictionaries: [Dictionary] = []
  private var total = 0

  init(limit: Int) { self.limit = limit }

  /// Bytes of the counts.
  var byteCount: Int { total * 4 }

  /// Prepares for the rows of a vector; false where there is no room for its dictionary, until the counts are taken.
  mutating func begin(_ vector: borrowing RowVector, _ item: Int) -> Bool {
    guard let chunk = vector.chunkIdentity else { return false }
    if dictionaries.last?.chunk == chunk { return true }
    if let place = dictionaries.firstIndex(where: { $0.chunk == chunk }) {
      dictionaries.swapAt(place, dictionaries.count - 1)
      return true
    }
    let count = vector.wordCount(item) + 1
    guard dictionaries.isEmpty || total + count <= limit else { return false }
    total += count
    dictionaries.append(
      Dictionary(
        chunk: chunk, words: vector.dictionaryCursor(item), counts: [UInt32](repeating: 0, count: count)))
    return true
  }

  /// Counts the selected rows of the vector it was prepared for.
  mutating func add(_ codes: UnsafePointer<UInt32>, _ rows: RowSelection) {
    dictionaries[dictionaries.count - 1].counts.withUnsafeMutableBufferPointer { counts in
      let absent = UInt32(counts.count - 1)
      rows.visit { counts[Int(min(codes[$0], absent))] &+= 1 }
    }
  }

  /// Adds what another thread counted.
  mutating func merge(_ other: CodeCounts) {
    for dictionary in other.dictionaries {
      guard let place = dictionaries.firstIndex(where: { $0.chunk == dictionary.chunk }) else {
        dictionaries.append(dictionary)
        total += dictionary.counts.count
        continue
      }
      for code in dictionary.counts.indices { dictionaries[place].counts[code] += dictionary.counts[code] }
    }
  }

  /// Gives all counts, which are empty then.
  mutating func take() -> [Dictionary] {
    defer { (dictionaries, total) = ([], 0) }
    return dictionaries
  }
}
