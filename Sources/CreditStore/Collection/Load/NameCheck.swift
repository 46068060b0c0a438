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
  /// What one subject is called, in the form in which names are compared.
  private var names: (key: UInt128, cores: [ArraySlice<UInt8>])?
  private(set) var warnings = RowWarnings()

  /// - Parameter registers: entries whose names are those of the subjects.
  /// - Returns: `nil` where there is nothing to compare.
  init?(
    _ entry: PublishedEntry, _ batch: BatchRows, registers: [PublishedEntry], _ snapshot: EngineSnapshot
  ) throws {
    guard let name = Self.nameColumn(entry), !registers.contains(where: { $0.dataset == entry.dataset })
    else {
      return nil
    }
    var schemas: [DatasetSchema] = []
    for register in registers {
      guard let column = Self.nameColumn(register), try snapshot.mayHaveRows(of: register.dataset) else {
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

  private static func nameColumn(_ entry: PublishedEntry) -> Int? {
    entry.entry.subjectName.flatMap(entry.entry.itemIndex).flatMap {
      entry.entry.items[$0].type.isText ? $0 : nil
    }
  }

  /// Looks at rows that will be stored; subjects come in ascending order.
  mutating func check(_ rows: ArraySlice<DecidedRow>) throws(StoreError) {
    for row in rows {
      if names?.key != row.key { names = (row.key, try cores(of: row.key)) }
      guard let cores = names?.cores, !cores.isEmpty else { continue }
      guard let payload = batch.payload(row.row) else {
        throw StoreError(.damaged, "a spill file does not read back as written")
      }
      var fits = true
      payload.withUnsafeBytes { bytes in
        _ = RowPayload.walk(bytes, batch.schema) { column, cell in
          guard column == nameColumn, case .text(let text) = cell else { return }
          let name = Self.normalized(text)
          fits = name.isEmpty || cores.contains(Self.core(name))
        }
      }
      if !fits { warnings.add([Self.rule], of: row.sequence) }
    }
  }

  /// What the registers call a subject.
  private mutating func cores(of key: UInt128) throws(StoreError) -> [ArraySlice<UInt8>] {
    var found: [ArraySlice<UInt8>] = []
    for place in known.indices {
      let rows = try known[place].rows(
        of: key, like: [], RecordIdentity(keyColumns: [], schema: registers[place]))
      guard !rows.isEmpty else { continue }
      let chains = VersionChains(rows)
      for row in rows where chains.stands(row) {
        guard case .text(let name)? = try row.cells(registers[place]).first else { continue }
        let core = name.withUnsafeBytes { Self.core(Self.normalized($0)) }
        if !core.isEmpty, !found.contains(core) { found.append(core) }
      }
    }
    return found
  }

  private static func normalized(_ name: UnsafeRawBufferPointer) -> [UInt8] {
    var bytes: [UInt8] = []
    NormalizedName.normalize(name, into: &bytes)
    return bytes
  }

  private static func core(_ name: [UInt8]) -> ArraySlice<UInt8> { name[..<NormalizedName.coreLength(name)] }
}
