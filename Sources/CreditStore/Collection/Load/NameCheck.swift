// Owns comparing the names in rows of a batch with those that the registers give their subjects (V16 名称与主体库一致性).
// Invariants: a name that fits any that a register gives or once gave, but for width, brackets and legal form, is no finding; a register's withdrawn record
// names nobody; a subject that no register knows has none to compare with. Rows are taken in either way: a name proves nothing against a code.
// Does not look through links, and does not check entries that are registers themselves: there a new name is news.

import CreditModel
import SegmentStore

package struct NameCheck {
  /// Id of the rule in receipts.
  static let rule = "V16"

  private let nameColumn: Int
  private let batch: BatchRows
  private let registers: [DatasetSchema]
  private var known: [ExistingRows] = []
  /// What the registers call the subject of the rows that come now.
  private var names: Names?
  private let scratch = ByteArena(capacity: 256)
  private(set) var warnings = RowWarnings()

  /// - Parameter registers: entries whose names are those of the subjects.
  /// - Returns: `nil` where there is nothing to compare.
  init?(
    _ entry: PublishedEntry, _ batch: BatchRows, registers: [PublishedEntry], _ snapshot: EngineSnapshot
  ) throws {
    guard let name = entry.schema.searchColumn, !registers.contains(where: { $0.dataset == entry.dataset })
    else {
      return nil
    }
    var schemas: [DatasetSchema] = []
    for register in registers {
      guard let column = register.schema.searchColumn, try snapshot.mayHaveRows(of: register.dataset) else {
        continue
      }
      schemas.append(
        DatasetSchema(
          dataset: register.dataset, version: register.schema.version,
          columns: [register.schema.columns[column]]))
    }
    guard !schemas.isEmpty else { return nil }
    (nameColumn, self.batch, self.registers) = (name, batch, schemas)
    for schema in schemas { known.append(try ExistingRows(snapshot, schema: schema)) }
  }

  /// Looks at rows that will be stored; subjects come in ascending order.
  mutating func check(_ rows: ArraySlice<DecidedRow>) throws(StoreError) {
    for row in rows {
      if names?.key != row.key { names = Names(row.key, try registered(row.key)) }
      guard names?.isEmpty == false else { continue }
      switch batch.text(row.row, column: nameColumn, scratch: scratch) {
      case .absent: break
      case .misread: throw StoreError(.damaged, "a spill file does not read back as written")
      case .text(let name):
        if names?.fits(name) == false { warnings.add([Self.rule], of: row.sequence) }
      }
    }
  }

  /// What the registers call a subject.
  private mutating func registered(_ key: UInt128) throws(StoreError) -> [[UInt8]] {
    var found: [[UInt8]] = []
    for place in known.indices {
      let start = found.count
      var hasWithdrawn = false
      try known[place].forEachText(of: key) { name, state in
        if state == RecordState.withdrawn.rawValue { hasWithdrawn = true }
        if !name.isEmpty { found.append(Array(name)) }
      }
      guard hasWithdrawn else { continue }
      found.removeSubrange(start...)
      let rows = try known[place].rows(
        of: key, like: [], RecordIdentity(keyColumns: [], schema: registers[place]))
      let chains = VersionChains(rows)
      for row in rows where chains.stands(row) {
        guard case .text(let name)? = try row.cells(registers[place]).first else { continue }
        if !name.isEmpty { found.append(name) }
      }
    }
    return found
  }
}

/// The names of one subject.
private struct Names {
  /// So many are compared one by one.
  private static let few = 4

  let key: UInt128
  /// Each as the register writes it, once.
  private let spellings: [[UInt8]]
  private let manySpellings: Set<[UInt8]>
  /// In the form in which names are compared; made when a name is written in another way.
  private var cores: Set<ArraySlice<UInt8>>?

  init(_ key: UInt128, _ names: [[UInt8]]) {
    self.key = key
    guard names.count > Self.few else {
      (spellings, manySpellings) = (names, [])
      return
    }
    (spellings, manySpellings) = ([], Set(names))
  }

  var isEmpty: Bool { spellings.isEmpty && manySpellings.isEmpty }

  /// Nearly all names are written as the register writes them.
  mutating func fits(_ name: UnsafeRawBufferPointer) -> Bool {
    if spellings.contains(where: { $0.count == name.count && $0.elementsEqual(name) }) { return true }
    if !manySpellings.isEmpty, manySpellings.contains(Array(name)) { return true }
    let own = Self.core(name)
    if own.isEmpty { return true }
    if let cores { return cores.contains(own) }
    let made = Set((spellings + manySpellings).map { $0.withUnsafeBytes(Self.core) })
    cores = made
    return made.contains(own)
  }

  private static func core(_ name: UnsafeRawBufferPointer) -> ArraySlice<UInt8> {
    var bytes: [UInt8] = []
    NormalizedName.normalize(name, into: &bytes)
    return bytes[..<NormalizedName.coreLength(bytes)]
  }
}
