// Owns whether a column of an output follows the texts of the subjects, and how its rows are told from those that do not.
// Invariants: decided on all rows; a row follows only a text that is its own, byte for byte. What did not pay is taken back.
// Does not write.

/// A column whose texts are those of its rows' subjects, but for a few.
package final class SubjectTextPlan {
  /// A column with more texts of its own than one in so many does not follow.
  private static let share = 8

  private let table: SubjectTextTable
  private let pool: TextPool
  /// From codes of the pool to those of the dictionary.
  private var codes: [UInt32] = []
  /// The texts that are not those of their subjects; `nil` where all are.
  package private(set) var dictionary: ColumnDictionary?

  /// The column of texts of subjects that is followed.
  package var followed: UInt32 { table.id }

  /// Bytes held until the column is written.
  package var retainedBytes: Int { pool.byteCount + codes.count * 4 }

  /// - Parameters:
  ///   - cell: what a row of the output says.
  /// - Returns: `nil` where too few rows have the text of their subject.
  init?(
    _ rows: MergedRows, _ table: SubjectTextTable, poolBytes: Int,
    _ cell: (RowSource, UInt128) throws(StoreError) -> SubjectTextChoice.Cell
  ) throws(StoreError) {
    self.table = table
    pool = TextPool(byteLimit: poolBytes, triesTemplates: false)
    table.begin()
    do throws(StoreError) {
      guard try gather(rows, cell) else {
        table.rollBack()
        return nil
      }
    } catch {
      table.rollBack()
      throw error
    }
    makeDictionary()
  }

  /// Finds out which rows follow; false when they are too few.
  private func gather(
    _ rows: MergedRows, _ cell: (RowSource, UInt128) throws(StoreError) -> SubjectTextChoice.Cell
  ) throws(StoreError) -> Bool {
    var (texts, own, row) = (0, 0, 0)
    for (key, count) in zip(rows.keys, rows.counts) {
      var known = table.text(of: key)
      for _ in 0..<count {
        guard case .text(let text) = try cell(rows.rows[row], key) else { return false }
        row += 1
        guard let found = text else { continue }
        texts += 1
        if let known, ByteSearch.areSame(known, found) { continue }
        if known == nil {
          known = table.add(found, to: key)
          if known != nil { continue }
        }
        own += 1
        // Early: the rest need not be read.
        if own * Self.share > rows.rows.count { return false }
        guard pool.code(of: found, hash: TextHash.hash(found)) != nil else { return false }
      }
    }
    return own * Self.share <= texts && texts > 0
  }

  private func makeDictionary() {
    let entries = Array(pool.entries)
    guard !entries.isEmpty else { return }
    let order = entries.indices.sorted { ByteSearch.order(entries[$0].bytes, entries[$1].bytes) < 0 }
    codes = [UInt32](repeating: 0, count: entries.count)
    for (code, place) in order.enumerated() { codes[place] = UInt32(code) }
    dictionary = ColumnDictionary(entries: order.map { entries[$0] })
  }

  /// The code of a text that is not that of its subject; `nil` where it is.
  package func ownCode(of text: UnsafeRawBufferPointer, key: UInt128) throws(StoreError) -> UInt32? {
    if let known = table.text(of: key), ByteSearch.areSame(known, text) { return nil }
    guard let found = pool.code(of: text, hash: TextHash.hash(text)), found.code < codes.count else {
      throw StoreError(.damaged, "a text changed while segments were merged")
    }
    return codes[found.code]
  }
}

/// The keys of the rows of an output by their places; places mostly ascend.
struct MergedRowKeys {
  private let rows: MergedRows
  private var run = 0
  private var first = 0

  init(_ rows: MergedRows) { self.rows = rows }

  /// The key of the row at a place.
  mutating func key(of place: Int) -> UInt128 {
    if place < first { (run, first) = (0, 0) }
    while place - first >= Int(rows.counts[run]) {
      first += Int(rows.counts[run])
      run += 1
    }
    return rows.keys[run]
  }
}
