// Owns what all rows of a batch share: the pools of its workers, and for each column the dictionary made of them.
// Invariants: made once, after the last row was coded, and never changed; a column gets a dictionary only when every text of the
// batch is in a pool and texts repeat four times on average; otherwise its rows are stored as texts.
// Does not read rows (PartitionEncoder).

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The texts of a batch.
package final class BatchTexts: @unchecked Sendable {
  // Sendable because nothing changes after `init`; the pools are no longer appended to.

  /// A column whose cells are codes of a common dictionary.
  package struct CodedColumn {
    package var dictionary: ColumnDictionary
    /// For each worker: from its code to the dictionary's.
    var maps: [UnsafeMutablePointer<UInt32>]
    /// For each worker: the numbers of entries that were taken apart only now, four an entry; `nil` when there are none.
    var constants: [UnsafeMutablePointer<UInt64>?]
  }

  /// Rows for each entry at least: rarer texts stand better beside their rows than in pages far away.
  private static let rowsPerEntry = 4

  /// The pools of each worker, by column of the schema.
  package let pools: [[TextPool?]]
  /// By column of the schema; `nil` for integers and for texts stored as they are.
  package let columns: [CodedColumn?]
  private let memory = StableArena()
  private let workerCount: Int
  private let mappings: UnsafeMutablePointer<Mapping>

  /// - Parameters:
  ///   - pools: the pools of each worker by column.
  ///   - uncoded: columns with cells that repeat the row's key; they get no dictionary.
  ///   - rowCount: rows of the batch; 0 makes no dictionary.
  package init(pools: [[TextPool?]], uncoded: Set<Int> = [], columnCount: Int, rowCount: Int) {
    self.pools = pools
    var columns: [CodedColumn?] = []
    for column in 0..<columnCount {
      columns.append(
        uncoded.contains(column)
          ? nil : Self.coded(pools.map { $0[column] }, rowCount: rowCount, memory: memory))
    }
    self.columns = columns
    workerCount = pools.count
    mappings = .allocate(capacity: max(1, columnCount * pools.count))
    for column in 0..<columnCount {
      for worker in pools.indices {
        var mapping = Mapping()
        if let coded = columns[column], let pool = pools[worker][column] {
          mapping = Mapping(map: coded.maps[worker], constants: coded.constants[worker], count: pool.count)
        }
        (mappings + (column * pools.count + worker)).initialize(to: mapping)
      }
    }
  }

  /// For rows that carry all their texts.
  package static func none(columnCount: Int) -> BatchTexts {
    BatchTexts(pools: [], columnCount: columnCount, rowCount: 0)
  }

  deinit {
    mappings.deallocate()
    for case let column? in columns {
      for map in column.maps { map.deallocate() }
      for constants in column.constants { constants?.deallocate() }
    }
  }

  /// How the codes of one worker in one column become those of the dictionary: plain memory, asked for every cell.
  private struct Mapping {
    var map: UnsafeMutablePointer<UInt32>?
    var constants: UnsafeMutablePointer<UInt64>?
    var count = 0
  }

  /// Maps a worker's code; `nil` when the row names what is not there.
  ///
  /// - Returns: the dictionary's code, and the numbers of an entry that was taken apart only now.
  @inline(__always)
  package func entry(column: Int, worker: Int, code: Int) -> (
    code: UInt32, constants: UnsafeMutablePointer<UInt64>?
  )? {
    guard worker < workerCount else { return nil }
    let mapping = mappings[column &* workerCount &+ worker]
    guard let map = mapping.map, code < mapping.count else { return nil }
    return (map[code], mapping.constants.map { $0 + code &* TextTemplate.maximumHoles })
  }

  private struct Candidate {
    var entry: TextPool.Entry
    var worker: Int
    var code: Int
  }

  private static func coded(_ pools: [TextPool?], rowCount: Int, memory: StableArena) -> CodedColumn? {
    let present = pools.compactMap { $0 }
    guard !present.isEmpty, present.count == pools.count, present.allSatisfy({ !$0.isGivenUp }) else {
      return nil
    }
    let total = present.reduce(0) { $0 + $1.count }
    guard total > 0, rowCount >= rowsPerEntry else { return nil }
    var candidates: [Candidate] = []
    candidates.reserveCapacity(total)
    var hasTemplates = false
    for (worker, pool) in present.enumerated() {
      for code in 0..<pool.count {
        candidates.append(Candidate(entry: pool[code], worker: worker, code: code))
        hasTemplates = hasTemplates || pool[code].holes > 0
      }
    }
    let constants = present.map { _ in UnsafeMutablePointer<UInt64>?.none }
    if !hasTemplates {
      let plain = dictionary(&candidates, present, constants)
      if plain.dictionary.entries.count * rowsPerEntry <= rowCount { return plain }
      for map in plain.maps { map.deallocate() }
    }
    let split = split(&candidates, present, memory)
    let templates = dictionary(&candidates, present, split)
    if templates.dictionary.entries.count * rowsPerEntry <= rowCount { return templates }
    for map in templates.maps { map.deallocate() }
    for constant in templates.constants { constant?.deallocate() }
    return nil
  }

  /// Takes apart the entries that are plain so far; returns their numbers.
  private static func split(
    _ candidates: inout [Candidate], _ pools: [TextPool], _ memory: StableArena
  ) -> [UnsafeMutablePointer<UInt64>?] {
    let constants = pools.map { pool in
      let numbers = UnsafeMutablePointer<UInt64>.allocate(
        capacity: max(1, pool.count) * TextTemplate.maximumHoles)
      numbers.initialize(repeating: 0, count: max(1, pool.count) * TextTemplate.maximumHoles)
      return UnsafeMutablePointer<UInt64>?.some(numbers)
    }
    let scratch = ByteArena(capacity: TextPool.maximumTextBytes)
    for index in candidates.indices where candidates[index].entry.holes == 0 {
      let candidate = candidates[index]
      guard let target = constants[candidate.worker],
        let split = TextTemplate.split(
          candidate.entry.bytes, template: scratch.base,
          numbers: target + candidate.code * TextTemplate.maximumHoles)
      else { continue }
      let base = memory.copy(UnsafeRawBufferPointer(start: scratch.base, count: split.count))
      candidates[index].entry = TextPool.Entry(
        base: base, count: UInt32(split.count), holes: UInt32(split.holes))
    }
    return constants
  }

  /// Sorts the candidates and gives equal ones the same code.
  private static func dictionary(
    _ candidates: inout [Candidate], _ pools: [TextPool], _ constants: [UnsafeMutablePointer<UInt64>?]
  ) -> CodedColumn {
    candidates.sort { order($0.entry, $1.entry) < 0 }
    let maps = pools.map { UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, $0.count)) }
    var entries: [TextPool.Entry] = []
    for candidate in candidates {
      if entries.last.map({ order($0, candidate.entry) != 0 }) ?? true { entries.append(candidate.entry) }
      maps[candidate.worker][candidate.code] = UInt32(entries.count - 1)
    }
    return CodedColumn(dictionary: ColumnDictionary(entries: entries), maps: maps, constants: constants)
  }

  private static func order(_ left: TextPool.Entry, _ right: TextPool.Entry) -> Int {
    let common = memcmp(left.base, right.base, Int(min(left.count, right.count)))
    if common != 0 { return Int(common) }
    if left.count != right.count { return left.count < right.count ? -1 : 1 }
    return Int(left.holes) - Int(right.holes)
  }
}
