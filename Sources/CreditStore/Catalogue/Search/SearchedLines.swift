// Owns the texts of many entries as lines, each kept once however many entries have it, and finding the entries that have a word in one.
// Invariants: an entry has the lines it was given, in their order; lines that no entry has any more are gone after `rebuilt(with:)`. A word has no line feed.
// Does not fold texts.

import SegmentStore

/// Lines of entries (检索文本), entries being numbered from 0.
///
/// The entries of a city share most of their lines: `统一社会信用代码` stands in all of them. A word is looked for in each different line, and a
/// line that has it marks its entries.
struct SearchedLines: Sendable {
  /// All different lines one behind the other, a line feed between two of them.
  private var bytes: [UInt8] = []
  /// Where each line ends.
  private var ends: [Int] = []
  /// The line with a hash; of two with the same hash, the first.
  private var known: [UInt64: UInt32] = [:]
  /// The lines of all entries, entry by entry.
  private var linesOfEntries: [UInt32] = []
  /// Where the lines of each entry end.
  private var entryEnds: [Int] = []
  /// The entries of all lines, line by line.
  private var entriesOfLines: [UInt32] = []
  /// Where the entries of each line end.
  private var lineEnds: [Int] = []

  /// What an entry of the next state is.
  enum Source {
    /// The entry with this number, as it is.
    case kept(Int)
    /// An entry with these texts, lines with line feeds between them.
    case new([UInt8])
  }

  /// The lines of these entries.
  func rebuilt(with sources: [Source]) -> SearchedLines {
    var next = SearchedLines()
    // What became of each line of here.
    var moved = [UInt32?](repeating: nil, count: ends.count)
    for source in sources {
      switch source {
      case .kept(let entry):
        for line in linesOfEntries[(entry == 0 ? 0 : entryEnds[entry - 1])..<entryEnds[entry]] {
          let place = moved[Int(line)] ?? next.line(bytes[range(of: Int(line))])
          moved[Int(line)] = place
          next.linesOfEntries.append(place)
        }
      case .new(let text):
        for line in text.split(separator: 0x0A) { next.linesOfEntries.append(next.line(line)) }
      }
      next.entryEnds.append(next.linesOfEntries.count)
    }
    next.turnRound()
    return next
  }

  private func range(of line: Int) -> Range<Int> {
    // A line feed stands between two lines.
    (line == 0 ? 0 : ends[line - 1] + 1)..<ends[line]
  }

  /// The number of a line, which is taken in where it is new.
  private mutating func line(_ text: ArraySlice<UInt8>) -> UInt32 {
    let hash = text.withUnsafeBytes { XXHash64.hash($0) }
    if let line = known[hash], bytes[range(of: Int(line))] == text { return line }
    let line = UInt32(ends.count)
    if !ends.isEmpty { bytes.append(0x0A) }
    bytes += text
    ends.append(bytes.count)
    if known[hash] == nil { known[hash] = line }
    return line
  }

  /// Works out the entries of each line from the lines of each entry.
  private mutating func turnRound() {
    lineEnds = [Int](repeating: 0, count: ends.count)
    for line in linesOfEntries { lineEnds[Int(line)] += 1 }
    var sum = 0
    // Where each line's entries begin; each that is put down moves it on, to their end at last.
    for line in lineEnds.indices { (lineEnds[line], sum) = (sum, sum + lineEnds[line]) }
    entriesOfLines = [UInt32](repeating: 0, count: linesOfEntries.count)
    var place = 0
    for (entry, end) in entryEnds.enumerated() {
      while place < end {
        let line = Int(linesOfEntries[place])
        entriesOfLines[lineEnds[line]] = UInt32(entry)
        lineEnds[line] += 1
        place += 1
      }
    }
  }

  /// Marks entries that have a word: all of those that are wanted, and perhaps others.
  ///
  /// - Parameters:
  ///   - word: what a line has to have.
  ///   - marks: of each entry; none is taken away.
  ///   - wanted: which entries matter.
  func mark(_ word: [UInt8], in marks: inout [Bool], of wanted: [Bool]) {
    // Where few are wanted, their own lines are fewer than all lines.
    if wanted.count(where: { $0 }) < wanted.count / 16 {
      markOneByOne(word, in: &marks, of: wanted)
    } else {
      forEachLine(with: word) { line in
        for entry in entriesOfLines[(line == 0 ? 0 : lineEnds[line - 1])..<lineEnds[line]] {
          marks[Int(entry)] = true
        }
      }
    }
  }

  private func markOneByOne(_ word: [UInt8], in marks: inout [Bool], of wanted: [Bool]) {
    bytes.withUnsafeBytes { bytes in
      word.withUnsafeBytes { word in
        for entry in wanted.indices where wanted[entry] && !marks[entry] {
          marks[entry] = linesOfEntries[(entry == 0 ? 0 : entryEnds[entry - 1])..<entryEnds[entry]].contains {
            ByteSearch.contains(UnsafeRawBufferPointer(rebasing: bytes[range(of: Int($0))]), word)
          }
        }
      }
    }
  }

  private func forEachLine(with word: [UInt8], _ body: (Int) -> Void) {
    bytes.withUnsafeBytes { bytes in
      word.withUnsafeBytes { word in
        var line = 0
        var start = 0
        while let found = ByteSearch.place(of: word, in: UnsafeRawBufferPointer(rebasing: bytes[start...])) {
          while ends[line] < start + found { line += 1 }
          body(line)
          guard line + 1 < ends.count else { return }
          start = ends[line]
        }
      }
    }
  }
}
