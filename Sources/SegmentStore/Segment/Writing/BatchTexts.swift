// Owns what all rows of a batch share: the pools of its workers, and for each column the dictionary made of them.
// Invariants: made once, after the last row was coded, and never changed; a column gets a dictionary only when every text of the
// batch is in a pool and the plan finds that one pays; otherwise its rows are stored as texts.
// Does not read rows (PartitionEncoder).

/// The texts of a batch.
package final class BatchTexts: @unchecked Sendable {
  // Sendable because nothing changes after `init`; the pools are no longer appended to.

  /// The pools of each worker, by column of the schema.
  package let pools: [[TextPool?]]
  /// By column of the schema; `nil` for integers and for texts stored as they are.
  package let columns: [DictionaryPlan?]
  /// The dictionaries of the columns that have one.
  package var dictionaries: [ColumnDictionary?] { columns.map { $0?.dictionary } }
  private let memory = StableArena()
  private let workerCount: Int
  private let mappings: UnsafeMutablePointer<Mapping>

  /// - Parameters:
  ///   - pools: the pools of each worker by column.
  ///   - uncoded: columns with cells that repeat the row's key; they get no dictionary.
  ///   - rowCount: rows of the batch; 0 makes no dictionary.
  package init(pools: [[TextPool?]], uncoded: Set<Int> = [], columnCount: Int, rowCount: Int) {
    self.pools = pools
    var columns: [DictionaryPlan?] = []
    for column in 0..<columnCount {
      let lists = pools.compactMap { pools in pools[column].flatMap { $0.isGivenUp ? nil : $0.entries } }
      let isCoded = !uncoded.contains(column) && lists.count == pools.count
      columns.append(isCoded ? DictionaryPlan(lists, rowCount: rowCount, memory: memory) : nil)
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
    for column in columns { column?.deallocate() }
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
}
