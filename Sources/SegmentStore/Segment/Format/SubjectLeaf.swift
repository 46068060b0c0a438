// Owns the leaves of the subject directory: which rows belong to which subject.
// Invariants: keys ascend strictly; each subject has at least one run; the runs of a dataset follow each other without gaps, so that only
// the first position of each dataset is kept; lossless for any keys.
//
//  0 u32 subjects  4 u32 runs  8 u32 datasets  12 u32 key gaps that are exceptions  16 u128 first key
// 32 u8 shift, then widths: 33 gaps  34 low and 35 high parts of exceptions  36 run counts  37 dataset places  38 row counts
// 39 dataset numbers  40 first positions  41 u8 0  42 u16 0  44 u32 base of run counts  48 of row counts  52 of dataset numbers
// 56 of first positions  60 u32 0  64 packed: gaps, exceptions' places (9 bits), their low and high parts, dataset numbers, first positions,
// run counts, dataset places of runs, row counts of runs

/// Some rows of one subject: consecutive positions of one dataset.
package struct RowRun: Sendable, Hashable {
  package var dataset: DatasetID
  /// Position in the segment.
  package var first: UInt32
  package var count: UInt32
}

/// A subject and its runs, as the writer collects them.
package struct SubjectRuns: Sendable {
  package var key: UInt128
  package var runs: [RowRun]
}

package enum SubjectLeafFormat {
  package static let headerSize = 64
  /// Subjects of one leaf: some three KiB.
  package static let subjects = 512
  /// Runs of one leaf at most, so that a subject in thousands of datasets closes its leaf early.
  package static let runs = 4096
  /// Bits of the place of an exception.
  fileprivate static let placeBits = 9

  /// Appends the raw bytes of a leaf.
  package static func encode(_ subjects: ArraySlice<SubjectRuns>, to arena: ByteArena) {
    guard let first = subjects.first else { return }
    var common: UInt128 = 0
    for subject in subjects { common |= subject.key &- first.key }
    let shift = common == 0 ? 0 : common.trailingZeroBitCount
    let gaps = zip(subjects, subjects.dropFirst()).map { ($1.key &- $0.key) >> UInt128(shift) }
    let exceptions = GapExceptions(gaps)
    let runs = subjects.flatMap(\.runs)
    var firstPositions: [DatasetID: UInt32] = [:]
    for run in runs where firstPositions[run.dataset] == nil { firstPositions[run.dataset] = run.first }
    let order = firstPositions.keys.sorted()
    let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, UInt32($0)) })
    let numbers = Packed32(order.map(\.rawValue))
    let positions = Packed32(order.map { firstPositions[$0] ?? 0 })
    let runCounts = Packed32(subjects.map { UInt32($0.runs.count) })
    let rowCounts = Packed32(runs.map(\.count))
    let placeWidth = BitPacking.width(of: UInt64(order.count - 1))
    let start = arena.appendZeros(headerSize)
    for (index, value) in [subjects.count, runs.count, order.count, exceptions.places.count].enumerated() {
      arena.store(UInt32(value), at: start + 4 * index)
    }
    arena.store(first.key, at: start + 16)
    let widths = [
      shift, exceptions.width, exceptions.lowWidth, exceptions.highWidth, runCounts.width, placeWidth,
      rowCounts.width, numbers.width, positions.width,
    ]
    for (index, width) in widths.enumerated() { arena.store(UInt8(width), at: start + 32 + index) }
    for (index, part) in [runCounts, rowCounts, numbers, positions].enumerated() {
      arena.store(part.base, at: start + 44 + 4 * index)
    }
    exceptions.append(gaps, to: arena)
    numbers.append(to: arena)
    positions.append(to: arena)
    runCounts.append(to: arena)
    BitPacking.append(count: runs.count, width: placeWidth, to: arena) {
      UInt64(places[runs[$0].dataset] ?? 0)
    }
    rowCounts.append(to: arena)
  }

  /// Gaps between keys: most fit a small width, the others have the rest apart.
  private struct GapExceptions {
    var width = 0
    var places: [Int] = []
    var excesses: [UInt128] = []
    var lowWidth = 0
    var highWidth = 0

    init(_ gaps: [UInt128]) {
      var histogram = [Int](repeating: 0, count: 129)
      for gap in gaps { histogram[128 - gap.leadingZeroBitCount] += 1 }
      let widest = histogram.lastIndex { $0 > 0 } ?? 0
      var best = Int.max
      var exceptions = 0
      for candidate in stride(from: widest, through: 0, by: -1) {
        let bits = gaps.count * candidate + exceptions * (placeBits + widest - candidate)
        if candidate <= 64, bits < best { (best, width) = (bits, candidate) }
        exceptions += histogram[candidate]
      }
      for (place, gap) in gaps.enumerated() where gap >> UInt128(width) > 0 {
        places.append(place)
        excesses.append(gap >> UInt128(width))
      }
      let largest = excesses.max() ?? 0
      lowWidth = min(64, 128 - largest.leadingZeroBitCount)
      highWidth = max(0, 64 - largest.leadingZeroBitCount)
    }

    func append(_ gaps: [UInt128], to arena: ByteArena) {
      let mask = width == 64 ? UInt64.max : 1 << UInt64(width) - 1
      BitPacking.append(count: gaps.count, width: width, to: arena) {
        UInt64(truncatingIfNeeded: gaps[$0]) & mask
      }
      BitPacking.append(count: places.count, width: placeBits, to: arena) { UInt64(places[$0]) }
      BitPacking.append(count: places.count, width: lowWidth, to: arena) {
        UInt64(truncatingIfNeeded: excesses[$0])
      }
      BitPacking.append(count: places.count, width: highWidth, to: arena) {
        UInt64(truncatingIfNeeded: excesses[$0] >> 64)
      }
    }
  }

  /// Numbers with their smallest and the bits of the differences.
  private struct Packed32 {
    let values: [UInt32]
    let base: UInt32
    let width: Int

    init(_ values: [UInt32]) {
      self.values = values
      base = values.min() ?? 0
      width = BitPacking.width(of: UInt64((values.max() ?? 0) - base))
    }

    func append(to arena: ByteArena) {
      BitPacking.append(count: values.count, width: width, to: arena) { UInt64(values[$0] - base) }
    }
  }
}

/// A leaf ready for searching: `init` checks everything against the bytes and unpacks it.
package final class SubjectLeaf: Sendable {
  private let keys: [UInt128]
  /// For each subject the index of its first run, with the end behind the last.
  private let runStarts: [UInt32]
  private let runs: [RowRun]

  package var subjectCount: Int { keys.count }
  package var cost: Int { keys.count * 16 + runStarts.count * 4 + runs.count * 12 + 160 }

  package init(_ raw: BlockBytes, rowLimit: UInt32, file: String, offset: Int64) throws(StoreError) {
    var reader = try LeafReader(raw, rowLimit: rowLimit, file: file, offset: offset)
    keys = try reader.readKeys()
    let datasets = try reader.readDatasets()
    runStarts = try reader.readRunStarts()
    runs = try reader.readRuns(datasets)
  }

  /// The key of a subject.
  @inline(__always)
  package func key(_ index: Int) -> UInt128 { keys[index] }

  package func runs(_ index: Int) -> ArraySlice<RowRun> {
    runs[Int(runStarts[index])..<Int(runStarts[index + 1])]
  }

  /// Places of a subject's runs among all runs of the leaf.
  @inline(__always)
  func runPlaces(_ index: Int) -> Range<Int> { Int(runStarts[index])..<Int(runStarts[index + 1]) }

  /// A run, by its place among all runs of the leaf.
  @inline(__always)
  func run(at place: Int) -> RowRun { runs[place] }

  /// Index of the first subject whose key is not smaller.
  package func lowerBound(_ key: UInt128) -> Int { keys.partitioningIndex { $0 >= key } }
}

/// Takes a leaf apart, part by part. Marked kernel: a part is read after its bytes were counted.
private struct LeafReader {
  private let raw: BlockBytes
  private let rowLimit: UInt32
  private let file: String
  private let offset: Int64
  private let subjects: Int
  private let runCount: Int
  private let datasetCount: Int
  private let exceptions: Int
  private var position = SubjectLeafFormat.headerSize

  init(_ raw: BlockBytes, rowLimit: UInt32, file: String, offset: Int64) throws(StoreError) {
    self.raw = raw
    self.rowLimit = rowLimit
    self.file = file
    self.offset = offset
    guard raw.count >= SubjectLeafFormat.headerSize else {
      throw StoreError.damaged("a subject leaf ends too early", file: file, offset: offset)
    }
    let counts = (0..<4).map { Int(raw.load(4 * $0, as: UInt32.self)) }
    (subjects, runCount, datasetCount, exceptions) = (counts[0], counts[1], counts[2], counts[3])
    guard subjects > 0, subjects <= SubjectLeafFormat.subjects, runCount >= subjects,
      runCount <= Int(rowLimit), datasetCount > 0, datasetCount <= min(runCount, raw.count * 8),
      runCount <= SubjectLeafFormat.runs + datasetCount,
      exceptions < subjects
    else { throw damage("impossible subject leaf") }
  }

  private func damage(_ message: String) -> StoreError { .damaged(message, file: file, offset: offset) }

  private func width(_ index: Int) -> Int { Int(raw.load(32 + index, as: UInt8.self)) }

  /// Counts the bytes of the next part and gives its place.
  private mutating func take(_ count: Int, width: Int, limit: Int = 32) throws(StoreError) -> UnsafeRawPointer
  {
    let start = position
    guard width <= limit else { throw damage("impossible subject leaf") }
    position += BitPacking.byteCount(count, width: width)
    guard position <= raw.count else { throw damage("a subject leaf ends too early") }
    return raw.base + start
  }

  mutating func readKeys() throws(StoreError) -> [UInt128] {
    let (shift, gapWidth, lowWidth, highWidth) = (width(0), width(1), width(2), width(3))
    guard shift < 128 else { throw damage("impossible subject leaf") }
    let gaps = try take(subjects - 1, width: gapWidth, limit: 64)
    let places = try take(exceptions, width: SubjectLeafFormat.placeBits)
    let lows = try take(exceptions, width: lowWidth, limit: 64)
    let highs = try take(exceptions, width: highWidth, limit: 64)
    var keys = [raw.load(16, as: UInt128.self)]
    keys.reserveCapacity(subjects)
    var exception = 0
    for index in 0..<subjects - 1 {
      var gap = UInt128(BitPacking.value(gaps, index, width: gapWidth))
      if exception < exceptions,
        BitPacking.value(places, exception, width: SubjectLeafFormat.placeBits) == UInt64(index)
      {
        let excess =
          UInt128(BitPacking.value(highs, exception, width: highWidth)) << 64
          | UInt128(BitPacking.value(lows, exception, width: lowWidth))
        let (shifted, lost) = (excess << UInt128(gapWidth), excess >> UInt128(128 - gapWidth))
        guard excess > 0, lost == 0 else { throw damage("a key of a subject leaf is impossible") }
        gap |= shifted
        exception += 1
      }
      let (step, lost) = (gap << UInt128(shift), gap >> UInt128(128 - shift))
      let (key, overflow) = keys[index].addingReportingOverflow(step)
      guard gap > 0, lost == 0, !overflow else { throw damage("a key of a subject leaf is impossible") }
      keys.append(key)
    }
    guard exception == exceptions else { throw damage("the exceptions of a subject leaf do not ascend") }
    return keys
  }

  /// Numbers of `count` with a base that stands at an offset.
  private mutating func numbers(_ count: Int, width: Int, base offset: Int) throws(StoreError) -> [UInt32] {
    let base = UInt64(raw.load(offset, as: UInt32.self))
    let place = try take(count, width: width)
    var numbers: [UInt32] = []
    numbers.reserveCapacity(count)
    for index in 0..<count {
      let value = BitPacking.value(place, index, width: width) + base
      guard value <= UInt64(UInt32.max) else { throw damage("a number in a subject leaf is impossible") }
      numbers.append(UInt32(value))
    }
    return numbers
  }

  /// The datasets of the leaf with their first positions.
  mutating func readDatasets() throws(StoreError) -> [(id: DatasetID, first: UInt32)] {
    let ids = try numbers(datasetCount, width: width(7), base: 52)
    let firsts = try numbers(datasetCount, width: width(8), base: 56)
    for (left, right) in zip(ids, ids.dropFirst()) where left >= right {
      throw damage("the datasets of a subject leaf do not ascend")
    }
    return zip(ids, firsts).map { (DatasetID(rawValue: $0), $1) }
  }

  mutating func readRunStarts() throws(StoreError) -> [UInt32] {
    let counts = try numbers(subjects, width: width(4), base: 44)
    var starts: [UInt32] = [0]
    var total = 0
    for count in counts {
      total += Int(count)
      guard total <= runCount, count > 0 else { throw damage("the runs of a subject leaf do not add up") }
      starts.append(UInt32(total))
    }
    guard total == runCount else { throw damage("the runs of a subject leaf do not add up") }
    return starts
  }

  mutating func readRuns(_ datasets: [(id: DatasetID, first: UInt32)]) throws(StoreError) -> [RowRun] {
    let placeWidth = width(5)
    let places = try take(runCount, width: placeWidth)
    let counts = try numbers(runCount, width: width(6), base: 48)
    guard position == raw.count else { throw damage("a subject leaf has a wrong length") }
    var next = datasets.map(\.first)
    var runs: [RowRun] = []
    runs.reserveCapacity(runCount)
    for index in 0..<runCount {
      let place = Int(BitPacking.value(places, index, width: placeWidth))
      guard place < next.count else { throw damage("a run names a dataset that is not there") }
      let (end, overflow) = next[place].addingReportingOverflow(counts[index])
      guard counts[index] > 0, !overflow, end <= rowLimit else {
        throw damage("a run lies outside the segment")
      }
      runs.append(RowRun(dataset: datasets[place].id, first: next[place], count: counts[index]))
      next[place] = end
    }
    return runs
  }
}
