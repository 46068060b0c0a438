// Owns writing .xlsx workbooks for tests: ZIP files whose members are stored or deflated by zlib, with sheets of cells.
// Invariants: what is written is what ISO/IEC 29500 wants, unless a test asks for less; nothing of it comes from the code that is tested.

import CZlib
import Foundation

/// A workbook to be written.
struct WorkbookFile {
  /// A cell as the file has it: its type, its style, and what stands in `<v>` or `<is>`.
  enum Cell {
    case none
    case number(String, style: Int = 0)
    case shared(String)
    case inline(String)
    case formula(String)
    case boolean(Bool)
    case error(String)
  }

  var sheets: [(name: String, state: String?, rows: [(number: Int, cells: [Cell])])] = []
  /// Formats by number, and the number of each style.
  var formats: [(id: Int, code: String)] = []
  var styles: [Int] = [0]
  var isFrom1904 = false
  var isDeflated = true
  /// A prefix of all names, as some programs write.
  var prefix = ""
  /// Parts to be put in place of those written.
  var replaced: [String: Data] = [:]

  static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: "\"", with: "&#34;").replacingOccurrences(of: "\r", with: "_x000D_")
  }

  static func column(_ index: Int) -> String {
    let letter = String(UnicodeScalar(UInt8(65 + index % 26)))
    return index < 26 ? letter : column(index / 26 - 1) + letter
  }

  /// The bytes of the file.
  func data() -> Data {
    var shared: [String] = []
    var places: [String: Int] = [:]
    let p = prefix.isEmpty ? "" : prefix + ":"
    let space =
      "xmlns\(prefix.isEmpty ? "" : ":" + prefix)=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
    var parts: [(String, String)] = []
    func cell(_ cell: Cell, _ reference: String) -> String {
      switch cell {
      case .none: return ""
      case .number(let text, let style):
        return "<\(p)c r=\"\(reference)\" s=\"\(style)\"><\(p)v>\(text)</\(p)v></\(p)c>"
      case .shared(let text):
        let place = places[text] ?? shared.count
        if places[text] == nil {
          places[text] = place
          shared.append(text)
        }
        return "<\(p)c r=\"\(reference)\" t=\"s\"><\(p)v>\(place)</\(p)v></\(p)c>"
      case .inline(let text):
        return
          "<\(p)c r='\(reference)' t='inlineStr'><\(p)is><\(p)t xml:space='preserve'>\(Self.escaped(text))</\(p)t></\(p)is></\(p)c>"
      case .formula(let text):
        return
          "<\(p)c r=\"\(reference)\" t=\"str\"><\(p)f>A1&amp;B1</\(p)f><\(p)v>\(Self.escaped(text))</\(p)v></\(p)c>"
      case .boolean(let flag):
        return "<\(p)c r=\"\(reference)\" t=\"b\"><\(p)v>\(flag ? 1 : 0)</\(p)v></\(p)c>"
      case .error(let text): return "<\(p)c r=\"\(reference)\" t=\"e\"><\(p)v>\(text)</\(p)v></\(p)c>"
      }
    }
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    for (index, sheet) in sheets.enumerated() {
      var text = "<?xml version=\"1.0\"?>\n<\(p)worksheet \(space)><\(p)sheetData>"
      for row in sheet.rows {
        text += "<\(p)row r=\"\(row.number)\">"
        for (place, item) in row.cells.enumerated() {
          text += cell(item, Self.column(place) + "\(row.number)")
        }
        text += "</\(p)row>"
      }
      parts.append(("xl/worksheets/sheet\(index + 1).xml", text + "</\(p)sheetData></\(p)worksheet>"))
    }
    var book =
      "<\(p)workbook \(space) xmlns:r=\"\(kind)\"><\(p)workbookPr date1904=\"\(isFrom1904 ? 1 : 0)\"/><\(p)sheets>"
    var links = ""
    for (index, sheet) in sheets.enumerated() {
      let state = sheet.state.map { " state=\"\($0)\"" } ?? ""
      book +=
        "<\(p)sheet name=\"\(Self.escaped(sheet.name))\" sheetId=\"\(index + 7)\"\(state) r:id=\"rId\(index + 1)\"/>"
      links +=
        "<Relationship Id=\"rId\(index + 1)\" Type=\"\(kind)/worksheet\" Target=\"worksheets/sheet\(index + 1).xml\"/>"
    }
    links += "<Relationship Id=\"rS\" Type=\"\(kind)/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>"
    links += "<Relationship Id=\"rT\" Type=\"\(kind)/styles\" Target=\"./styles.xml\"/>"
    var texts = "<\(p)sst \(space)><!-- texts -->"
    for (index, text) in shared.enumerated() {
      // Some texts are runs, with a reading that is no part of them.
      let middle = text.index(text.startIndex, offsetBy: text.count / 2)
      texts +=
        index % 2 == 0 || text.contains("_x")
        ? "<\(p)si><\(p)t xml:space=\"preserve\">\(Self.escaped(text))</\(p)t></\(p)si>"
        : "<\(p)si><\(p)r><\(p)rPr><\(p)b/></\(p)rPr><\(p)t>\(Self.escaped(String(text[..<middle])))</\(p)t></\(p)r>"
          + "<\(p)r><\(p)t>\(Self.escaped(String(text[middle...])))</\(p)t></\(p)r><\(p)rPh sb=\"0\" eb=\"1\"><\(p)t>reading</\(p)t></\(p)rPh></\(p)si>"
    }
    var formatting = "<\(p)styleSheet \(space)><\(p)numFmts>"
    for format in formats {
      formatting += "<\(p)numFmt numFmtId=\"\(format.id)\" formatCode=\"\(Self.escaped(format.code))\"/>"
    }
    formatting += "</\(p)numFmts><\(p)cellStyleXfs><\(p)xf numFmtId=\"14\"/></\(p)cellStyleXfs><\(p)cellXfs>"
    for style in styles { formatting += "<\(p)xf numFmtId=\"\(style)\"/>" }
    formatting += "</\(p)cellXfs></\(p)styleSheet>"
    parts.append(("xl/workbook.xml", book + "</\(p)sheets></\(p)workbook>"))
    parts.append(("xl/_rels/workbook.xml.rels", "<Relationships>\(links)</Relationships>"))
    parts.append(
      (
        "_rels/.rels",
        "<Relationships><Relationship Id='a' Type='\(kind)/officeDocument' Target='xl/workbook.xml'/></Relationships>"
      ))
    parts.append(("xl/sharedStrings.xml", texts + "</\(p)sst>"))
    parts.append(("xl/styles.xml", formatting))
    return Self.archive(parts.map { ($0.0, replaced[$0.0] ?? Data($0.1.utf8)) }, isDeflated: isDeflated)
  }

  /// A ZIP file of some members.
  static func archive(_ members: [(name: String, data: Data)], isDeflated: Bool) -> Data {
    var (file, directory) = (Data(), Data())
    func append(_ value: Int, _ width: Int, to data: inout Data) {
      for byte in 0..<width { data.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    for (name, data) in members {
      let packed = isDeflated ? deflated(data) : data
      let checksum = data.withUnsafeBytes { bytes in
        Int(crc32(0, bytes.bindMemory(to: UInt8.self).baseAddress, UInt32(bytes.count)))
      }
      let start = file.count
      for isDirectory in [false, true] {
        var header = Data()
        append(isDirectory ? 0x0201_4B50 : 0x0403_4B50, 4, to: &header)
        if isDirectory { append(20, 2, to: &header) }
        append(20, 2, to: &header)
        append(0, 2, to: &header)
        append(isDeflated ? 8 : 0, 2, to: &header)
        append(0, 4, to: &header)
        append(checksum, 4, to: &header)
        append(packed.count, 4, to: &header)
        append(data.count, 4, to: &header)
        append(name.utf8.count, 2, to: &header)
        append(0, 2, to: &header)
        if isDirectory {
          append(0, 10, to: &header)
          append(start, 4, to: &header)
        }
        header.append(contentsOf: name.utf8)
        if isDirectory { directory.append(header) } else { file.append(header + packed) }
      }
    }
    let start = file.count
    file.append(directory)
    append(0x0605_4B50, 4, to: &file)
    append(0, 4, to: &file)
    append(members.count, 2, to: &file)
    append(members.count, 2, to: &file)
    append(directory.count, 4, to: &file)
    append(start, 4, to: &file)
    append(0, 2, to: &file)
    return file
  }

  private static func deflated(_ data: Data) -> Data {
    var stream = z_stream()
    deflateInit2_(
      &stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = [UInt8](data)
    var output = [UInt8](repeating: 0, count: data.count + 1024)
    let made = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output -> Int in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        deflate(&stream, Z_FINISH)
        return output.count - Int(stream.avail_out)
      }
    }
    return Data(output[..<made])
  }
}
