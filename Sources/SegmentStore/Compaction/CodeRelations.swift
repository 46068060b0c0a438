// Owns finding columns of words whose codes follow from those of another column: the name of an office from its number, the unit from the entry.
// Invariants: a column follows only an earlier one that follows none itself; columns with templates follow none; what a map says is what most
// rows of a code have; decided on all rows, so a map never costs more than it saves.
// Does not encode.

package struct CodeRelations {
  package private(set) var references: [UInt32: ColumnReference] = [:]
  package private(set) var maps: [UInt32: CodeMap] = [:]
  /// For each mapped column the place of the one it follows.
  package private(set) var sources: [UInt32: Int] = [:]

  /// Columns tried as the one that is followed.
  private static let candidates = 16
  /// Bits a row that must be saved, at least.
  private static let savedBits = 3

  /// - Parameter columns: of the output, with their plans.
  package init(_ columns: [MergedColumn], rows: MergedRows) throws(StoreError) {
    guard rows.rows.count >= 1024 else { return }
    let places = ColumnRelations.sample(rows.rows.count)
    var known: [(place: Int, codes: [UInt32?])] = []
    for (place, column) in columns.enumerated() {
      guard let plan = column.plan else { continue }
      let codes = try Self.codes(column, rows, places)
      let width = BitPacking.width(of: UInt64(max(0, plan.dictionary.entries.count - 1)))
      if plan.dictionary.holes == 0, width >= Self.savedBits,
        let other = Self.promising(codes, known),
        let map = try Self.map(column, from: columns[other], rows, width: width)
      {
        references[column.column.id] = ColumnReference(column: columns[other].column.id, factor: 1)
        maps[column.column.id] = map
        sources[column.column.id] = other
      } else if known.count < Self.candidates {
        known.append((place, codes))
      }
    }
  }

  private static func codes(
    _ column: MergedColumn, _ rows: MergedRows, _ places: [Int]
  ) throws(StoreError) -> [UInt32?] {
    let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: TextTemplate.maximumHoles)
    defer { numbers.deallocate() }
    var codes: [UInt32?] = []
    codes.reserveCapacity(places.count)
    for place in places { codes.append(try column.code(rows.rows[place], numbers: numbers)) }
    return codes
  }

  /// The known column whose codes say most about these, if a sample does not speak against it.
  private static func promising(_ codes: [UInt32?], _ known: [(place: Int, codes: [UInt32?])]) -> Int? {
    var best: (misses: Int, place: Int)?
    for other in known {
      var said: [UInt32: UInt32] = [:]
      var misses = 0
      for (own, code) in zip(codes, other.codes) {
        guard let own else { continue }
        guard let code else {
          misses += 1
          continue
        }
        if let before = said[code] { misses += before == own ? 0 : 1 } else { said[code] = own }
      }
      // Few distinct codes, or few surprises: the whole column decides.
      if misses * 8 <= codes.count, misses < best?.misses ?? .max { best = (misses, other.place) }
    }
    return best?.place
  }

  /// What most rows of each code of the other column have; `nil` when exceptions eat up what it saves.
  private static func map(
    _ column: MergedColumn, from other: MergedColumn, _ rows: MergedRows, width: Int
  ) throws(StoreError) -> CodeMap? {
    guard let otherPlan = other.plan, otherPlan.dictionary.entries.count <= CodeMap.maximumEntries else {
      return nil
    }
    let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: TextTemplate.maximumHoles)
    defer { numbers.deallocate() }
    // The vote of Boyer and Moore: one candidate for each code, with how far it is ahead.
    var leaders = [UInt32](repeating: 0, count: otherPlan.dictionary.entries.count)
    var leads = [Int32](repeating: 0, count: leaders.count)
    for row in rows.rows {
      guard let own = try column.code(row, numbers: numbers), let code = try other.code(row, numbers: numbers)
      else { continue }
      let place = Int(code)
      if leads[place] == 0 {
        leaders[place] = own + 1
        leads[place] = 1
      } else {
        leads[place] += leaders[place] == own + 1 ? 1 : -1
      }
    }
    let map = CodeMap(leaders)
    var exceptions = 0
    for row in rows.rows {
      guard let own = try column.code(row, numbers: numbers) else { continue }
      let predicted = try other.code(row, numbers: numbers).flatMap { map.code(Int($0)) }
      if predicted != own { exceptions += 1 }
    }
    let cost = exceptions * (MappedCodeEncoding.rowBits + width) + leaders.count * width
    return cost + rows.rows.count * savedBits <= rows.rows.count * width ? map : nil
  }
}
