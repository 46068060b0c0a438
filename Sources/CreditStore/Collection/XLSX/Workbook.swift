// Owns the parts of a .xlsx workbook: its sheets, shared texts, and what its number formats mean (ISO/IEC 29500-1 and -2).
// Invariants: parts are found through their relationships, under whatever names they have; a part that is missing is an error that names it, unless
// workbooks may do without it. Does not read the cells of sheets (SheetRows).

import Foundation
import SegmentStore

/// A workbook of spreadsheets.
package struct Workbook {
  /// A sheet and the part that holds it.
  struct Sheet {
    var name: String
    var part: String
    var isHidden: Bool
  }

  /// Sheets, formats and relationships of a workbook at most, and bytes of a name, target or format: programs allow 255.
  private static let maximumParts = 65_536
  private static let maximumNameBytes = 1024

  package let path: String
  let archive: ZipArchive
  private(set) var sheets: [Sheet] = []
  private(set) var texts = SharedTexts()
  /// What numbers mean, by the style of their cells.
  private(set) var meanings: [NumberMeaning] = []
  private(set) var numbers = NumberText(isFrom1904: false)

  /// Reads everything but the cells.
  ///
  /// - Throws: `CreditError`: `unreadable`, `invalidWorkbook`, `limit`.
  package init(path: String) throws {
    self.path = path
    archive = try ZipArchive(path: path)
    do {
      try read()
    } catch let error as StoreError {
      throw CreditError.invalidWorkbook(error.message, file: path)
    }
  }

  /// The sheet with a name, or the first that is not hidden.
  ///
  /// - Throws: `CreditError`, code `unknownSheet`, naming those there are.
  func sheet(_ name: String?) throws -> Sheet {
    guard let name else {
      if let first = sheets.first(where: { !$0.isHidden }) ?? sheets.first { return first }
      throw CreditError.invalidWorkbook("it has no sheet", file: path)
    }
    if let found = sheets.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) { return found }
    let names = sheets.prefix(20).map(\.name).joined(separator: ", ")
    throw CreditError("unknownSheet", "the workbook has no sheet \(name), but \(names)", file: path)
  }

  private mutating func read() throws {
    let office = try relationships(of: "").first { $0.type.hasSuffix("/officeDocument") }
    guard let book = office?.target else {
      throw CreditError.invalidWorkbook("it is no workbook", file: path)
    }
    let parts = try relationships(of: book)
    // Sheets of charts and dialogs have no rows.
    let rowSheets = parts.filter { $0.type.hasSuffix("/worksheet") }
    try readBook(
      book, Dictionary(rowSheets.map { ($0.id, $0.target) }, uniquingKeysWith: { first, _ in first }))
    if let part = parts.first(where: { $0.type.hasSuffix("/sharedStrings") }), archive.contains(part.target) {
      texts = try SharedTexts(archive.open(part.target), path: path)
    }
    if let part = parts.first(where: { $0.type.hasSuffix("/styles") }), archive.contains(part.target) {
      try readFormats(part.target)
    }
  }

  private struct Relationship {
    var id: String
    var type: String
    var target: String
  }

  /// What a part refers to; the package itself is the part without a name.
  private func relationships(of part: String) throws -> [Relationship] {
    let pieces = part.split(separator: "/")
    let folder = pieces.dropLast().joined(separator: "/")
    let name = (folder.isEmpty ? "" : folder + "/") + "_rels/\(pieces.last ?? "").rels"
    guard archive.contains(name) else {
      throw CreditError.invalidWorkbook("it has no part \(name)", file: path)
    }
    var found: [Relationship] = []
    var reader = try XMLReader(archive.open(name), path: path)
    while true {
      let event = try reader.next()
      if event == .over { return found }
      guard event == .start, reader.isElement("Relationship"), let id = reader.attribute("Id"),
        let type = reader.attribute("Type"), let target = reader.attribute("Target"),
        found.count < Self.maximumParts, max(id.count, type.count, target.count) <= Self.maximumNameBytes
      else { continue }
      found.append(
        Relationship(
          id: String(decoding: id, as: UTF8.self), type: String(decoding: type, as: UTF8.self),
          target: Self.resolved(String(decoding: target, as: UTF8.self), in: folder)))
    }
  }

  /// The name of a part that another refers to.
  private static func resolved(_ target: String, in folder: String) -> String {
    guard !target.hasPrefix("/") else { return String(target.dropFirst()) }
    var pieces = folder.split(separator: "/").map(String.init)
    for piece in target.split(separator: "/") where piece != "." {
      if piece == ".." { _ = pieces.popLast() } else { pieces.append(String(piece)) }
    }
    return pieces.joined(separator: "/")
  }

  private mutating func readBook(_ part: String, _ targets: [String: String]) throws {
    var reader = try XMLReader(archive.open(part), path: path)
    while true {
      let event = try reader.next()
      if event == .over { return }
      guard event == .start else { continue }
      if reader.isElement("workbookPr"), let flag = reader.attribute("date1904") {
        let text = String(decoding: flag, as: UTF8.self)
        numbers = NumberText(isFrom1904: text == "1" || text == "true")
      }
      // The relationship stands in an attribute `id` with a prefix; `sheetId` is another.
      guard reader.isElement("sheet"), let name = reader.attribute("name"), let id = reader.attribute("id"),
        let target = targets[String(decoding: id, as: UTF8.self)], sheets.count < Self.maximumParts,
        name.count <= Self.maximumNameBytes
      else { continue }
      let state = reader.attribute("state").map { String(decoding: $0, as: UTF8.self) }
      sheets.append(
        Sheet(
          name: String(decoding: name, as: UTF8.self), part: target,
          isHidden: state == "hidden" || state == "veryHidden"))
    }
  }

  private mutating func readFormats(_ part: String) throws {
    var reader = try XMLReader(archive.open(part), path: path)
    var written: [Int: NumberMeaning] = [:]
    var isCellFormats = false
    func number(_ value: [UInt8]?) -> Int? { value.flatMap { Int(String(decoding: $0, as: UTF8.self)) } }
    while true {
      switch try reader.next() {
      case .over: return
      case .text: break
      case .end: if reader.isElement("cellXfs") { isCellFormats = false }
      case .start:
        if reader.isElement("cellXfs") { isCellFormats = true }
        if reader.isElement("numFmt"), let id = number(reader.attribute("numFmtId")),
          let code = reader.attribute("formatCode"), written.count < Self.maximumParts,
          code.count <= Self.maximumNameBytes
        {
          written[id] = NumberMeaning(format: String(decoding: code, as: UTF8.self))
        }
        if isCellFormats, reader.isElement("xf"), meanings.count < Self.maximumParts {
          let id = number(reader.attribute("numFmtId")) ?? 0
          meanings.append(written[id] ?? NumberMeaning(builtIn: id))
        }
      }
    }
  }
}
