// Owns the leaves of the subject directory: which rows belong to which subject.
// Invariants: keys ascend strictly; each subject has at least one run; lossless for any keys.
//
//  0 u32 subjects  4 u32 runs  8 u128 base key  24 u8 shift  25 u8 low width  26 u8 high width  27 u8 run-count width
// 28 u8 dataset width  29 u8 position width  30 u8 count width  31 u8 0
// 32 u32 run-count base  36 u32 dataset base  40 u32 position base  44 u32 count base
// 48 packed: low parts of (key - base) >> shift, high parts, runs a subject, datasets, positions, counts

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
  package static let headerSize = 48
  /// Subjects of one leaf: some six KiB.
  package static let subjects = 512
  /// Runs of one leaf at most, so that a subject in thousands of datasets closes its leaf early.
  package static let runs = 4096

  /// Appends the raw bytes of a leaf.
  package static func encode(_ subjects: ArraySlice<SubjectRuns>, to arena: ByteArena) {
    guard let first = subjects.first, let last = subjects.last else { return }
    let base = first.key
    var common: UInt128 = 0
    for subject in subjects { common |= subject.key &- base }
    let shift = common == 0 ? 0 : common.trailingZeroBitCount
    let range = (last.key &- base) >> UInt128(shift)
    let bits = 128 - range.leadingZeroBitCount
    let widths = (low: min(bits, 64), high: max(0, bits - 64))
    let runs = subjects.flatMap(\.runs)
    let runCounts = Span32(subjects.map { UInt32($0.runs.count) })
    let datasets = Span32(runs.map(\.dataset.rawValue))
    let positions = Span32(runs.map(\.first))
    let counts = Span32(runs.map(\.count))
    let start = arena.appendZeros(headerSize)
    arena.store(UInt32(subjects.count), at: start)
    arena.store(UInt32(runs.count), at: start + 4)
    arena.store(base, at: start + 8)
    for (index, width) in [
      shift, widths.low, widths.high, runCounts.width, datasets.width, positions.width, counts.width,
    ]
    .enumerated() { arena.store(UInt8(width), at: start + 24 + index) }
    for (index, span) in [runCounts, datasets, positions, counts].enumerated() {
      arena.store(span.base, at: start + 32 + 4 * index)
    }
    let keys = subjects.map { ($0.key &- base) >> UInt128(shift) }
    BitPacking.append(count: keys.count, width: widths.low, to: arena) {
      UInt64(truncatingIfNeeded: keys[$0]) & mask(widths.low)
    }
    BitPacking.append(count: keys.count, width: widths.high, to: arena) {
      UInt64(truncatingIfNeeded: keys[$0] >> 64)
    }
    for span in [runCounts, datasets, positions, counts] {
      BitPacking.append(count: span.values.count, width: span.width, to: arena) {
        UInt64(span.values[$0] - span.base)
      }
    }
  }

  private static func mask(_ width: Int) -> UInt64 { width == 64 ? .max : 1 << UInt64(width) - 1 }

  /// Numbers with their smallest and the bits of the differences.
  private struct Span32 {
    let values: [UInt32]
    let base: UInt32
    let width: Int
    init(_ values: [UInt32]) {
      self.values = values
      base = values.min() ?? 0
      width = BitPacking.width(of: UInt64((values.max() ?? 0) - base))
    }
  }
}

/// A leaf ready for searching. Marked kernel: `init` checks widths and counts against the bytes.
package final class SubjectLeaf: Sendable {
  package let subjectCount: Int
  private let bytes: BlockBytes
  private let base: UInt128
  private let shift: UInt128
  private let lowWidth: Int
  private let highWidth: Int
  private let highOffset: Int
  /// For each subject the index of its first run, with the end behind the last.
  private let runStarts: [UInt32]
  private let runs: [RowRun]

  package var cost: Int { bytes.count + runStarts.count * 4 + runs.count * 12 + 160 }

  package init(_ raw: BlockBytes, rowLimit: UInt32, file: String, offset: Int64) throws(StoreError) {
    func damage(_ message: String) -> StoreError { .damaged(message, file: file, offset: offset) }
    guard raw.count >= SubjectLeafFormat.headerSize else { throw damage("a subject leaf ends too early") }
    let subjects = Int(raw.load(0, as: UInt32.self))
    let runCount = Int(raw.load(4, as: UInt32.self))
    let widths = (0..<7).map { Int(raw.load(24 + $0, as: UInt8.self)) }
    guard subjects > 0, subjects <= SubjectLeafFormat.subjects, runCount >= subjects,
      runCount <= Int(min(rowLimit, 1 << 24)),
      widths[0] < 128, widths[1] <= 64, widths[2] <= 64, widths[3...].allSatisfy({ $0 <= 32 })
    else { throw damage("impossible subject leaf") }
    var position = SubjectLeafFormat.headerSize
    var offsets: [Int] = []
    for (count, width) in [
      (subjects, 1), (subjects, 2), (subjects, 3), (runCount, 4), (runCount, 5), (runCount, 6),
    ] {
      offsets.append(position)
      position += BitPacking.byteCount(count, width: widths[width])
    }
    guard position == raw.count else { throw damage("a subject leaf has a wrong length") }
    func number(_ index: Int, _ part: Int, _ base: Int) throws(StoreError) -> UInt32 {
      let value =
        BitPacking.value(raw.base + offsets[part], index, width: widths[part + 1])
        + UInt64(raw.load(base, as: UInt32.self))
      guard value <= UInt64(UInt32.max) else { throw damage("a number in a subject leaf is impossible") }
      return UInt32(value)
    }
    var starts: [UInt32] = [0]
    var total = 0
    for index in 0..<subjects {
      total += Int(try number(index, 2, 32))
      guard total <= runCount else { throw damage("the runs of a subject leaf do not add up") }
      starts.append(UInt32(total))
    }
    guard total == runCount else { throw damage("the runs of a subject leaf do not add up") }
    var list: [RowRun] = []
    list.reserveCapacity(runCount)
    for index in 0..<runCount {
      let run = RowRun(
        dataset: DatasetID(rawValue: try number(index, 3, 36)), first: try number(index, 4, 40),
        count: try number(index, 5, 44))
      let (end, overflow) = run.first.addingReportingOverflow(run.count)
      guard run.count > 0, !overflow, end <= rowLimit else { throw damage("a run lies outside the segment") }
      list.append(run)
    }
    bytes = raw
    subjectCount = subjects
    base = raw.load(8, as: UInt128.self)
    shift = UInt128(widths[0])
    lowWidth = widths[1]
    highWidth = widths[2]
    highOffset = offsets[1]
    runStarts = starts
    runs = list
  }

  /// The key of a subject.
  @inline(__always)
  package func key(_ index: Int) -> UInt128 {
    let low = BitPacking.value(bytes.base + SubjectLeafFormat.headerSize, index, width: lowWidth)
    let high = BitPacking.value(bytes.base + highOffset, index, width: highWidth)
    return base &+ ((UInt128(high) << 64 | UInt128(low)) << shift)
  }

  package func runs(_ index: Int) -> ArraySlice<RowRun> {
    runs[Int(runStarts[index])..<Int(runStarts[index + 1])]
  }

  /// Index of the first subject whose key is not smaller.
  package func lowerBound(_ key: UInt128) -> Int {
    var low = 0
    var high = subjectCount
    while low < high {
      let middle = (low + high) / 2
      if self.key(middle) < key { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
