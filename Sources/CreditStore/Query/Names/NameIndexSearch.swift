// Owns giving the subjects that match a name in the order of the answer, from the indexes of the segments and from what was compared row by row.
// Invariants: candidates of one kind of match come in the order in which the answer stands; each stands there once.
// Does not decide whether the snapshot sees them (NameResolution).

import CreditModel
import SegmentStore

extension SearchForm {
  /// The form in which names are compared.
  static let names = SearchForm(version: NormalizedName.formVersion) { text, target in
    NormalizedName.normalize(text, into: &target)
  }
}

/// Which names of a snapshot are known to indexes.
struct NameIndexes {
  /// By number of the segment.
  private var indexes: [UInt64: TextIndex] = [:]
  private(set) var readers: [(segment: SegmentReader, index: TextIndex)] = []

  /// No index at all.
  init() {}

  init(_ snapshot: EngineSnapshot) throws {
    for segment in snapshot.segments {
      guard let index = try segment.reader.textIndex(), index.formVersion == NormalizedName.formVersion else {
        continue
      }
      indexes[segment.reader.id.rawValue] = index
      readers.append((segment.reader, index))
    }
  }

  /// Whether an index has every text that a column has in a segment.
  func cover(_ segment: SegmentView, _ dataset: DatasetID, column: UInt32) -> Bool {
    indexes[segment.reader.id.rawValue]?.columns[dataset] == column
  }
}

/// The candidates of one kind of match in one part of an index.
private struct NameStream {
  private let walk: TextIndexWalk
  private let segment: SegmentReader
  /// The next candidate; `nil` at the end.
  private(set) var head: NameCandidate?

  init(
    _ segment: SegmentReader, _ index: TextIndex, part: Int, _ question: TextIndexQuestion,
    _ isCancelled: @escaping () -> Bool
  ) throws {
    self.segment = segment
    walk = try TextIndexWalk(segment, index, part: part, question, isCancelled: isCancelled)
  }

  mutating func advance(_ pattern: NamePattern, _ match: NameMatch, _ isCancelled: () -> Bool) throws {
    head = nil
    var looked = 0
    while try walk.advance() {
      looked += 1
      if looked.isMultiple(of: 1024), isCancelled() { throw CancellationError() }
      guard walk.withText({ pattern.match(normalized: $0) }) == match else { continue }
      let subject = try segment.subject(at: walk.row).key
      head = NameCandidate(
        key: NameCandidate.Key(subject: subject, name: walk.withText { Array($0) }), match: match)
      return
    }
  }
}

/// Merges the candidates of all indexes with others.
struct NameRanking {
  let pattern: NamePattern
  let indexes: NameIndexes
  /// Candidates that were found by comparing rows.
  let compared: [NameCandidate]
  let isCancelled: () -> Bool

  /// Gives the candidates in order until `body` says that no more are wanted.
  func forEach(_ body: (NameCandidate) throws -> Bool) throws {
    for match in NameMatch.allCases where match <= pattern.weakest {
      var streams: [NameStream] = []
      for (segment, index) in indexes.readers {
        for part in index.parts.indices {
          for question in pattern.questions(match) {
            if isCancelled() { throw CancellationError() }
            var stream = try NameStream(segment, index, part: part, question, isCancelled)
            try stream.advance(pattern, match, isCancelled)
            if stream.head != nil { streams.append(stream) }
          }
        }
      }
      guard try merge(match, &streams, body) else { return }
    }
  }

  private func merge(
    _ match: NameMatch, _ streams: inout [NameStream], _ body: (NameCandidate) throws -> Bool
  ) throws -> Bool {
    let others = compared.filter { $0.match == match }.sorted(by: NameCandidate.precedes)
    var nextOther = 0
    var last: NameCandidate.Key?
    while true {
      if isCancelled() { throw CancellationError() }
      var best: NameCandidate? = nextOther < others.count ? others[nextOther] : nil
      var bestStream: Int?
      for (place, stream) in streams.enumerated() {
        guard let head = stream.head else { continue }
        if let known = best, !NameCandidate.precedes(head, known) { continue }
        best = head
        bestStream = place
      }
      guard let candidate = best else { return true }
      if let bestStream {
        try streams[bestStream].advance(pattern, match, isCancelled)
      } else {
        nextOther += 1
      }
      guard candidate.key != last else { continue }
      last = candidate.key
      guard try body(candidate) else { return false }
    }
  }
}
