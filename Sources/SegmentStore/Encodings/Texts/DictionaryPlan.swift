// Owns making one dictionary of several lists of distinct texts, and the way from the codes of each list to its own.
// Invariants: made only where texts repeat four times on average; where one list has templates, plain texts of the others are taken
// apart as well, so that equal texts get equal codes; entries ascend.
// Does not count rows or read them.

/// A column whose cells are codes of a common dictionary.
package struct DictionaryPlan {
  package let dictionary: ColumnDictionary
  /// For each list: from its code to the dictionary's.
  package let maps: [UnsafeMutablePointer<UInt32>]
  /// For each list: the numbers of entries that were taken apart only now, four an entry; `nil` when there are none.
  package let constants: [UnsafeMutablePointer<UInt64>?]

  /// Rows for each entry at least: rarer texts stand better beside their rows than in pages far away.
  private static let rowsPerEntry = 4

  private struct Candidate {
    var entry: TextPool.Entry
    var list: Int
    var code: Int
  }

  /// `nil` when a dictionary does not pay.
  ///
  /// - Parameters:
  ///   - lists: distinct texts; their bytes must outlive the plan.
  ///   - rowCount: rows that use them.
  ///   - memory: where templates made now are kept; must outlive the plan.
  package init?(_ lists: [UnsafeBufferPointer<TextPool.Entry>], rowCount: Int, memory: StableArena) {
    let total = lists.reduce(0) { $0 + $1.count }
    guard total > 0, rowCount >= Self.rowsPerEntry else { return nil }
    var candidates: [Candidate] = []
    candidates.reserveCapacity(total)
    var hasTemplates = false
    for (number, list) in lists.enumerated() {
      for code in list.indices {
        candidates.append(Candidate(entry: list[code], list: number, code: code))
        hasTemplates = hasTemplates || list[code].holes > 0
      }
    }
    if !hasTemplates {
      let plain = Self(&candidates, lists, lists.map { _ in nil })
      if plain.pays(rowCount) {
        self = plain
        return
      }
      plain.deallocate()
    }
    let numbers = Self.split(&candidates, lists, memory)
    let templates = Self(&candidates, lists, numbers)
    guard templates.pays(rowCount) else {
      templates.deallocate()
      return nil
    }
    self = templates
  }

  private func pays(_ rowCount: Int) -> Bool {
    dictionary.entries.count * Self.rowsPerEntry <= rowCount
      && dictionary.entries.count <= ColumnDictionary.maximumEntries
  }

  /// Frees the maps; the plan must not be used afterwards.
  package func deallocate() {
    for map in maps { map.deallocate() }
    for numbers in constants { numbers?.deallocate() }
  }

  /// Takes apart the entries that are plain so far; returns their numbers.
  private static func split(
    _ candidates: inout [Candidate], _ lists: [UnsafeBufferPointer<TextPool.Entry>], _ memory: StableArena
  ) -> [UnsafeMutablePointer<UInt64>?] {
    let constants = lists.map { list in
      let count = max(1, list.count) * TextTemplate.maximumHoles
      let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
      numbers.initialize(repeating: 0, count: count)
      return UnsafeMutablePointer<UInt64>?.some(numbers)
    }
    let scratch = ByteArena(capacity: TextPool.maximumTextBytes)
    for index in candidates.indices where candidates[index].entry.holes == 0 {
      let candidate = candidates[index]
      guard let target = constants[candidate.list],
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
  private init(
    _ candidates: inout [Candidate], _ lists: [UnsafeBufferPointer<TextPool.Entry>],
    _ constants: [UnsafeMutablePointer<UInt64>?]
  ) {
    candidates.sort { Self.order($0.entry, $1.entry) < 0 }
    maps = lists.map { UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, $0.count)) }
    var entries: [TextPool.Entry] = []
    for candidate in candidates {
      if entries.last.map({ Self.order($0, candidate.entry) != 0 }) ?? true {
        entries.append(candidate.entry)
      }
      maps[candidate.list][candidate.code] = UInt32(entries.count - 1)
    }
    dictionary = ColumnDictionary(entries: entries)
    self.constants = constants
  }

  private static func order(_ left: TextPool.Entry, _ right: TextPool.Entry) -> Int {
    let order = ByteSearch.order(left.bytes, right.bytes)
    return order != 0 ? order : Int(left.holes) - Int(right.holes)
  }
}
