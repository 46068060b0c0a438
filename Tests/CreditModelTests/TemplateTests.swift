// Goal: the national templates are sound, and whoever fills in the file made from an entry has every column recognised.
// Method: every template is validated, read back from its JSON, and its header is recognised as a unit would send it back.

@testable import CreditModel
import TestSupport
import Testing

@Suite struct TemplateTests {
  @Test func nationalTemplatesAreSound() throws {
    let templates = CatalogueEntry.nationalTemplates
    #expect(Set(templates.map(\.code)).count == templates.count)
    // What the mission names: acts, lists, commitments, evaluations, contracts, courts, and the eight kinds of financing data.
    for code in [
      "XZXK", "XZCF", "QYDJ", "YZSX", "K03-XZQZ", "K05-JYYC", "K08-XYCN", "K09-XYPJ", "K07-HTLX", "K02-FYZX",
      "XYD-SBCB", "XYD-NSHZ", "XYD-GJJD", "XYD-YSXX", "XYD-YDXX", "XYD-YQXX", "XYD-CCXX", "K12-ZLXX",
    ] {
      #expect(templates.contains { $0.code == code }, "\(code)")
    }
    for entry in templates {
      try entry.validate()
      #expect(try CatalogueEntry.decode(json: entry.encodedJSON()) == [entry])
      #expect(!entry.basis.isEmpty && !entry.category.isEmpty && entry.eventDate != nil, "\(entry.code)")
      #expect(entry.level == .national)
      // Whatever names a person's document is for authorised eyes, and masked; a mask counts only there.
      for item in entry.items {
        if item.id.hasSuffix("ZJHM") { #expect(item.mask == [6, 4], "\(entry.code) \(item.id)") }
        if item.mask != nil { #expect(item.openness == .authorized, "\(entry.code) \(item.id)") }
        if entry.recordKey.contains(item.id), item.id.hasSuffix("JGDM") {
          #expect(item.required, "\(entry.code)")
        }
      }
    }
  }

  @Test func aFilledInTemplateIsRecognised() throws {
    for entry in CatalogueEntry.nationalTemplates {
      let template = ReportingTemplate(of: entry)
      let recognition = try HeaderRecognition.recognize(template.columns, for: entry)
      #expect(recognition.itemOfColumn == entry.items.indices.map { $0 }, "\(entry.code)")
      #expect(template.header.hasPrefix("\u{FEFF}") && template.header.hasSuffix("\r\n"))
      #expect(template.explanation.split(separator: "\r\n").count == entry.items.count + 1)
    }
  }

  /// Goal: names that would be read as another item's, and names that need quotes.
  @Test func awkwardNamesAreWrittenSoThatTheyComeBack() throws {
    let entry = CatalogueEntry(
      code: "X", name: "x", subject: ["A"],
      items: [
        CatalogueItem(id: "A", name: "名称"), CatalogueItem(id: "B", name: "名称"),
        CatalogueItem(id: "C", name: "金额,\"元\""),
        CatalogueItem(id: "D", name: "A"), CatalogueItem(id: "E", name: "名 称："),
      ])
    let template = ReportingTemplate(of: entry)
    #expect(template.columns == ["A", "B", "金额,\"元\"", "D", "E"])
    #expect(template.header == "\u{FEFF}A,B,\"金额,\"\"元\"\"\",D,E\r\n")
    let recognition = try HeaderRecognition.recognize(template.columns, for: entry)
    #expect(recognition.itemOfColumn == [0, 1, 2, 3, 4])
  }

  @Test func differencesAreToldKeyByKey() {
    let old = CatalogueEntry(
      code: "X", name: "旧", subject: ["A"],
      items: [
        CatalogueItem(id: "A"), CatalogueItem(id: "B", type: .decimal, scale: 2), CatalogueItem(id: "C"),
      ])
    var new = old
    new.version = 2
    new.versionNote = "改"
    #expect(CatalogueDifference(from: old, to: new).changes.isEmpty, "number and note are no change")
    new.name = "新"
    new.openness = .public
    new.items[1].scale = 4
    new.items[1].options = nil
    new.items.remove(at: 2)
    new.items.insert(CatalogueItem(id: "D", required: true), at: 0)
    let changes = CatalogueDifference(from: old, to: new).changes
    #expect(
      changes.map(\.path) == ["name", "openness", "items.D", "items.B.scale", "items.C"], "\(changes)")
    #expect(changes.map(\.kind) == [.changed, .changed, .added, .changed, .removed])
    #expect(changes[0].before == "\"旧\"" && changes[0].after == "\"新\"")
    #expect(changes[3].before == "2" && changes[3].after == "4")
    // The other order of the same items is a change of its own.
    var turned = old
    turned.items.swapAt(0, 2)
    #expect(CatalogueDifference(from: old, to: turned).changes.map(\.path) == ["items"])
  }

  @Test func optionsAreComparedByteForByte() {
    var item = CatalogueItem(id: "A", type: .code, options: ["全部履行", "部分履行", "甲、乙"])
    func allows(_ text: String) -> Bool {
      var text = text
      return text.withUTF8 { ItemOptions(item)?.allow(UnsafeRawBufferPointer($0)) ?? true }
    }
    #expect(allows("全部履行") && allows("甲、乙"))
    #expect(!allows("全部履行；部分履行") && !allows("全部") && !allows("全部履行 ") && !allows("甲"))
    item.allowsSeveral = true
    #expect(allows("全部履行；部分履行") && allows("部分履行, 全部履行") && allows("甲、乙"))
    #expect(!allows("全部履行；未履行") && !allows("；") && !allows("甲、乙；全部履行"))
    item.options = nil
    #expect(allows("什么都行"))
    // What no cell can be read as is no option.
    for wrong in ["无", "/", " 有", "有 ", "", "一二三四五六七八九十"] {
      let entry = CatalogueEntry(
        code: "X", name: "x", subject: ["A"],
        items: [CatalogueItem(id: "A", length: 9, options: ["有", wrong])])
      #expect(throws: CatalogueError.self, "\(wrong)") { try entry.validate() }
    }
  }

  /// Goal: folding bytes is folding characters: the search of a catalogue finds what the recognition of headers calls the same.
  @Test func foldingBytesIsFoldingHeaders() {
    var random = SeededGenerator(seed: 5)
    let characters: [Character] = [
      "a", "Z", "9", " ", "\t", "　", "\u{A0}", "\u{200B}", "\u{FEFF}", "Ａ", "ｚ", "！", "～", "〔", "】", "—", "–",
      "金",
      "额", "é", "𠀀", "(", "-", "\u{FF00}", "\u{FF5F}", "￥",
    ]
    for _ in 0..<3000 {
      let text = String(
        (0..<Int.random(in: 0...8, using: &random)).map { _ in
          characters[Int.random(in: 0..<characters.count, using: &random)]
        })
      var folded: [UInt8] = []
      Array(text.utf8).withUnsafeBytes { FoldedText.fold($0, into: &folded) }
      #expect(folded == Array(HeaderName.folded(text + ".").utf8.dropLast()), "\(text.debugDescription)")
    }
  }
}
