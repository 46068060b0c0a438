// Owns giving the rows of a sheet to collection, as the bytes of a CSV file.
// Invariants: rows are given in their order, rows without a value are none; the header is the first row with two values or, where there is no such row
// among the first hundred, the first with one, unless the caller says which it is; memory does not depend on the number of rows. Merged cells have
// their value once, where they begin. Formulas are what the workbook last worked out.

package import SegmentStore

/// The rows of a sheet of a workbook.
package final class SheetRows: ByteSource {
  /// Columns and rows a sheet can have, as programs do.
  private static let maximumColumns = 16_384
  private static let maximumRows = 1 << 30
  /// Bytes of a cell and of a row at most: a shared text takes no room in its file, however often it is named.
  private static let maximumCellBytes = 1 << 20
  private static let maximumRowBytes = 16 << 20
  /// Rows among which the header is looked for.
  private static let rowsBeforeHeader = 100
  private static let pieceBytes = 128 << 10

  package let totalBytes: Int?
  private let workbook: Workbook
  private var reader: XMLReader
  private var pending = RowBytes()
  /// Rows that were read while the header was looked for.
  private var waiting: [[[UInt8]]] = []
  private var isOver = false
  private var rowNumber = 0
  /// Columns of the header: rows have as many cells, or more.
  private var width = 0

  /// - Parameters:
  ///   - name: of the sheet; `nil` = the first that is not hidden.
  ///   - headerRow: the number of the row with the header, as the sheet counts; `nil` = it is found.
  /// - Throws: `CreditError`: `empty`, `unknownSheet`, `invalidWorkbook`.
  package init(_ workbook: Workbook, sheet name: String?, headerRow: Int?) throws {
    self.workbook = workbook
    let sheet = try workbook.sheet(name)
    let source = try workbook.archive.open(sheet.part)
    totalBytes = nil
    do throws(StoreError) {
      reader = try XMLReader(source, path: workbook.path)
      try findHeader(headerRow)
    } catch {
      throw CreditError.invalidWorkbook(error.message, file: workbook.path)
    }
    guard !waiting.isEmpty else {
      let place = headerRow.map { "row \($0) of the sheet \(sheet.name)" } ?? "the sheet \(sheet.name)"
      throw CreditError("empty", "\(place) has no value", file: workbook.path)
    }
    width = waiting[0].count
    for row in waiting { append(row) }
    waiting = []
  }

  private func findHeader(_ wanted: Int?) throws(StoreError) {
    while let row = try nextRow() {
      if let wanted {
        if rowNumber < wanted { continue }
        if rowNumber == wanted { waiting = [row] }
        return
      }
      waiting.append(row)
      if row.count(where: { !$0.isEmpty }) > 1 {
        // What stands above a header is a title.
        waiting = [row]
        return
      }
      if waiting.count == Self.rowsBeforeHeader { return }
    }
  }

  package func read(into target: UnsafeMutableRawPointer, count: Int) throws(StoreError) -> Int {
    if pending.count == 0 {
      while pending.count < Self.pieceBytes, let row = try nextRow() { append(row) }
    }
    return pending.take(into: target, count: count)
  }

  private func append(_ row: [[UInt8]]) {
    let cells = (0..<max(width, row.count)).map { $0 < row.count && !row[$0].isEmpty ? row[$0] : nil }
    pending.append(cells)
  }

  // MARK: Cells

  /// The cells of the next row with a value, up to the last that has one.
  private func nextRow() throws(StoreError) -> [[UInt8]]? {
    while !isOver {
      switch try reader.next() {
      case .over: isOver = true
      case .start where reader.isElement("row"):
        let written = reader.attribute("r").flatMap { Int(String(decoding: $0, as: UTF8.self)) }
        rowNumber = max(rowNumber, min(written ?? rowNumber + 1, Self.maximumRows))
        var row = try cells()
        while row.last?.isEmpty ?? false { row.removeLast() }
        if !row.isEmpty { return row }
      default: break
      }
    }
    return nil
  }

  private func cells() throws(StoreError) -> [[UInt8]] {
    var row: [[UInt8]] = []
    var bytes = 0
    var next = 0
    let depth = reader.depth
    while true {
      switch try reader.next() {
      case .start where reader.isElement("c"):
        // A cell that does not say where it stands follows the one before, also where that is empty.
        let column = reader.attribute("r").flatMap(Self.column) ?? next
        next = column + 1
        let type = reader.attribute("t").map { String(decoding: $0, as: UTF8.self) } ?? "n"
        let style = reader.attribute("s").flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
        let text = try cell(type, style)
        guard column < Self.maximumColumns, !text.isEmpty else { continue }
        while row.count <= column { row.append([]) }
        bytes += text.count
        guard bytes <= Self.maximumRowBytes else { throw damage("a row is longer than 16 MiB") }
        row[column] = text
      case .end where reader.depth < depth: return row
      case .over: return row
      default: break
      }
    }
  }

  /// The text of the cell that began.
  private func cell(_ type: String, _ style: Int) throws(StoreError) -> [UInt8] {
    let depth = reader.depth
    var (value, inline): ([UInt8], [UInt8]) = ([], [])
    var (isValue, isText, isFormula) = (false, false, false)
    // A formula that no program has worked out yet is kept as it is written: nothing would be there in its place.
    var formula: [UInt8]?
    var hasValue = false
    var readings = 0
    loop: while true {
      switch try reader.next() {
      case .over: break loop
      case .start:
        isValue = reader.isElement("v")
        hasValue = hasValue || isValue
        isFormula = reader.isElement("f")
        if isFormula, formula == nil { formula = [UInt8(ascii: "=")] }
        if reader.isElement("rPh") { readings += 1 }
        isText = reader.isElement("t") && readings == 0
      case .end:
        (isValue, isText, isFormula) = (false, false, false)
        if reader.isElement("rPh") { readings = max(0, readings - 1) }
        if reader.depth < depth { break loop }
      case .text:
        if isValue { value += reader.text }
        if isText { inline += CellText.unescaped(reader.text) }
        if isFormula { formula?.append(contentsOf: CellText.unescaped(reader.text)) }
      }
      guard value.count <= Self.maximumCellBytes, formula?.count ?? 0 <= Self.maximumCellBytes,
        inline.count <= Self.maximumCellBytes
      else {
        throw damage("a cell is longer than 1 MiB")
      }
    }
    if type == "inlineStr" { return inline }
    // A formula that works out to an empty text has the type of one; without a type, nothing was worked out, whether an empty element says so or none.
    if let formula, !hasValue || value.isEmpty && type != "str" { return formula }
    // An empty cell has a type as well, in some files.
    guard !value.isEmpty else { return [] }
    let written = String(decoding: value, as: UTF8.self)
    switch type {
    case "s":
      guard let number = Int(written), let text = workbook.texts[number] else {
        throw damage("a cell names a text that is not there")
      }
      guard text.count <= Self.maximumCellBytes else { throw damage("a cell is longer than 1 MiB") }
      return Array(text)
    case "str": return CellText.unescaped(value)
    case "b": return Array((written == "1" || written == "true" ? "true" : "false").utf8)
    case "n":
      let meaning = workbook.meanings.indices.contains(style) ? workbook.meanings[style] : .number
      return Array(workbook.numbers.text(written, meaning).utf8)
    // Days as text, and what could not be worked out, such as #N/A.
    default: return value
    }
  }

  private func damage(_ message: String) -> StoreError {
    .damaged(
      "the workbook is damaged: \(message) (row \(rowNumber) of the sheet)", file: workbook.path, offset: 0)
  }

  /// The column of a reference such as `AB12`, from 0.
  private static func column(_ reference: [UInt8]) -> Int? {
    var column = 0
    for byte in reference {
      guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte & 0xDF), byte >= 0x41 else { break }
      column = column * 26 + Int(byte & 0xDF) - 0x40
      guard column <= maximumColumns else { return maximumColumns }
    }
    return column > 0 ? column - 1 : nil
  }
}
