// Owns reading many consecutive values of a column at once, across its blocks.
// Invariants: values agree with those a cursor reads one by one; a missing column reads as absent everywhere.
// Marked kernel: targets have room for as many values as rows are asked for.

extension ColumnCursor {
  /// Writes the integers of consecutive rows, 0 where there is none, and for each row whether it has none (1).
  ///
  /// - Parameter scratch: room for as many integers, written where the column is relative to another.
  /// - Returns: whether some row has none.
  package mutating func integers(
    _ rows: Range<Int>, to values: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>,
    scratch: (values: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>)
  ) throws(StoreError) -> Bool {
    var hasAbsent = false
    var row = rows.lowerBound
    while row < rows.upperBound {
      let place = row - rows.lowerBound
      guard try find(row), let current else {
        (values + place).update(repeating: 0, count: rows.count - place)
        (nulls + place).update(repeating: 1, count: rows.count - place)
        return true
      }
      let stop = min(end, rows.upperBound)
      let (first, last) = (row - start, stop - start)
      if current._withUnsafeGuaranteedRef({
        $0.integers(first..<last, to: values + place, nulls: nulls + place)
      }) {
        hasAbsent = true
      }
      row = stop
    }
    guard !other.isEmpty, let reference = column?.entry.reference else { return hasAbsent }
    _ = try other[0].integers(rows, to: scratch.values, nulls: scratch.nulls, scratch: scratch)
    let factor = Int64(reference.factor)
    for place in 0..<rows.count where nulls[place] == 0 {
      values[place] &+= scratch.values[place] &* factor
    }
    return hasAbsent
  }

  /// Consecutive rows as their block packs them; `nil` where several blocks hold them, or more than packed numbers tells their values.
  mutating func packedNumbers(_ rows: Range<Int>) throws(StoreError) -> PackedNumbers? {
    guard other.isEmpty, !rows.isEmpty, try find(rows.lowerBound), let current, rows.upperBound <= end else {
      return nil
    }
    let (first, last) = (rows.lowerBound - start, rows.upperBound - start)
    return current._withUnsafeGuaranteedRef { $0.packedNumbers(first..<last) }
  }

  /// Writes the codes of consecutive rows, `absentCode` where there is none.
  ///
  /// - Returns: false when some of the rows have no codes; what was written counts for nothing then.
  package mutating func codes(
    _ rows: Range<Int>, to codes: UnsafeMutablePointer<UInt32>
  ) throws(StoreError) -> Bool {
    var row = rows.lowerBound
    while row < rows.upperBound {
      guard try find(row), let current else { return false }
      let stop = min(end, rows.upperBound)
      let target = codes + (row - rows.lowerBound)
      let (first, last) = (row - start, stop - start)
      switch current._withUnsafeGuaranteedRef({ $0.form }) {
      case .coded: current._withUnsafeGuaranteedRef { $0.codes(first..<last, to: target) }
      case .mapped:
        let map = try codeMap()
        guard try other[0].codes(row..<stop, to: target),
          current._withUnsafeGuaranteedRef({ $0.mapCodes(first..<last, map, in: target) })
        else { throw damage("a map does not know a code") }
      default: return false
      }
      row = stop
    }
    return true
  }

  /// Smallest and largest integer of the blocks that hold the rows, or smallest and largest code of coded blocks, as the directory says;
  /// nothing is read. `nil` for a missing column.
  package func bounds(_ rows: Range<Int>) -> ClosedRange<Int64>? {
    guard let column = column?.entry, !column.blocks.isEmpty, !rows.isEmpty else { return nil }
    var index = blockIndex(of: rows.lowerBound, in: column)
    var (smallest, largest) = (column.blocks[index].minimum, column.blocks[index].maximum)
    while index + 1 < column.blocks.count, Int(column.blocks[index + 1].firstRow) < rows.upperBound {
      index += 1
      smallest = min(smallest, column.blocks[index].minimum)
      largest = max(largest, column.blocks[index].maximum)
    }
    return smallest <= largest ? smallest...largest : nil
  }

  /// Entries of the dictionary whose codes the rows have; 0 for columns that have none.
  package var wordCount: Int {
    guard let column = column?.entry, column.phraseCode == nil, !column.followsSubjects else { return 0 }
    return Int(column.dictionaryCount)
  }

  /// Whether rows have numbers beside their codes.
  package var hasTemplates: Bool { column?.entry.holes ?? 0 > 0 }

  /// Writes a number of each of consecutive rows, 0 in blocks that have none.
  package mutating func numbers(
    _ hole: Int, _ rows: Range<Int>, to numbers: UnsafeMutablePointer<Int64>
  ) throws(StoreError) {
    var row = rows.lowerBound
    while row < rows.upperBound {
      guard try find(row), let current else { throw damage("numbers of a column that is not there") }
      let stop = min(end, rows.upperBound)
      let (first, last) = (row - start, stop - start)
      current._withUnsafeGuaranteedRef {
        $0.numbers(hole, first..<last, to: numbers + (row - rows.lowerBound))
      }
      row = stop
    }
  }

  /// Writes for each of consecutive rows whose text it has (``SharedText``), where texts are those of their keys or subjects but for a few.
  ///
  /// - Returns: whether some row has none, or one of its own; `nil` where texts are others.
  mutating func sharedTexts(
    _ rows: Range<Int>, to kinds: UnsafeMutablePointer<UInt8>
  ) throws(StoreError) -> Bool? {
    var hasOthers = false
    var row = rows.lowerBound
    while row < rows.upperBound {
      guard try find(row), let current else { return nil }
      let stop = min(end, rows.upperBound)
      let (first, last) = (row - start, stop - start)
      let target = kinds + (row - rows.lowerBound)
      guard
        let found = current._withUnsafeGuaranteedRef({ $0.sharedTexts(first..<last, to: target) })
      else { return nil }
      hasOthers = hasOthers || found
      row = stop
    }
    return hasOthers
  }

  /// Whether the column's texts are those of its rows' subjects, but for a few.
  var followsSubjects: Bool { column?.entry.followsSubjects ?? false }

  /// The bytes of an entry of the column's dictionary and how many numbers it needs; valid while the cursor lives.
  package mutating func word(_ code: Int) throws(StoreError) -> (text: UnsafeRawBufferPointer, holes: Int) {
    let (page, entry) = try pages.find(code)
    return page._withUnsafeGuaranteedRef { ($0.text(entry), $0.holes(entry)) }
  }
}
