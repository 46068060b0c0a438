// Goal: entries are read with their defaults, refused with their place, and headers are recognised as a whole.
// Method: the contract's example, one fault at a time, and headers as real systems write them.

@testable import CreditModel
import Foundation
import TestSupport
import Testing

@Suite struct CatalogueTests {
  private func decode(_ json: String) throws -> [CatalogueEntry] {
    try CatalogueEntry.decode(json: Data(json.utf8))
  }

  @Test func defaultsFillWhatIsLeftOut() throws {
    let entry = try #require(
      try decode(#"{"code":"A1","name":"甲","subject":["X"],"items":[{"id":"X"}]}"#).first)
    #expect(entry.version == 1 && entry.recordKey.isEmpty && entry.invalidIdentifier == .questionable)
    #expect(entry.items[0].name == "X" && entry.items[0].type == .text && !entry.items[0].required)
    #expect(try decode(String(decoding: entry.encodedJSON(), as: UTF8.self)) == [entry])
  }

  @Test func templatesAreValidAndComeBackFromJSON() throws {
    for entry in CatalogueEntry.nationalTemplates {
      try entry.validate()
      #expect(try CatalogueEntry.decode(json: entry.encodedJSON()) == [entry])
    }
    #expect(CatalogueEntry.administrativePermit2018.items.count == 28)
    #expect(CatalogueEntry.administrativePenalty2018.items.count == 30)
    #expect(CatalogueEntry.enterpriseRegistration.items.map(\.type).count { $0 == .date } == 1)
  }

  @Test(arguments: [
    (#"{"code":"A","name":"n","subject":["Y"],"items":[{"id":"X"}]}"#, "subject[0]"),
    (#"{"code":"A","name":"n","subject":["X"],"items":[{"id":"X"},{"id":"X"}]}"#, "items[1].id"),
    (#"{"code":"A","name":"n","subject":["X"],"items":[{"id":"$X"}]}"#, "items[0].id"),
    (#"{"code":"A","name":"n","subject":["X"],"items":[{"id":"X","type":"float"}]}"#, "items[0].type"),
    (
      #"{"code":"A","name":"n","subject":["X"],"items":[{"id":"X"},{"id":"D","type":"decimal","precision":19}]}"#,
      "items[1].precision"
    ),
    (#"{"code":"A","name":"n","subject":["X"],"items":[{"id":"X"}],"eventDate":"X"}"#, "eventDate"),
    (#"{"code":"A","name":"n","subject":["X"],"items":[{"id":"X"}],"recordKey":["Z"]}"#, "recordKey[0]"),
    (#"{"code":"A","name":"n","subject":["X"],"items":[]}"#, "items"),
    (#"{"code":"","name":"n","subject":["X"],"items":[{"id":"X"}]}"#, "code"),
    (#"{"name":"n","subject":["X"],"items":[{"id":"X"}]}"#, "code"),
    (#"[1, 2"#, ""),
  ])
  func faultsAreNamedByTheirPlace(json: String, path: String) {
    #expect { try decode(json) } throws: { ($0 as? CatalogueError)?.path == path }
  }

  @Test func hostileJSONIsRefused() {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect { try decode(deep) } throws: { ($0 as? CatalogueError)?.message.contains("deeper") == true }
    let quoted =
      #"{"code":"A","name":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[","subject":["X"],"items":[{"id":"X"}]}"#
    #expect(throws: Never.self) { try decode(quoted) }
  }

  @Test func jsonOfTheTestSuiteNeverTraps() throws {
    guard let folder = RealData.path("generic/json-test-suite/test_parsing", for: "hostile JSON") else {
      return
    }
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let data = try #require(FileManager.default.contents(atPath: folder + "/" + name))
      // An empty array is a catalogue without entries; everything else of the suite is no catalogue at all.
      do { #expect(try CatalogueEntry.decode(json: data).isEmpty, "\(name)") } catch { continue }
    }
  }

  // MARK: Headers

  private func recognize(_ header: [String], _ entry: CatalogueEntry) throws -> HeaderRecognition {
    try HeaderRecognition.recognize(header, for: entry)
  }

  @Test func idsNamesAndAliasesMeetTheSameItems() throws {
    let entry = CatalogueEntry.administrativePenalty2018
    let byID = try recognize(entry.items.map(\.id), entry)
    let byName = try recognize(entry.items.map(\.name), entry)
    #expect(byID.itemOfColumn == byName.itemOfColumn && byID.layout == "XZCF")
    let dirty = entry.items.map {
      " " + $0.name.replacingOccurrences(of: "(", with: "（").replacingOccurrences(of: ")", with: "）") + "： "
    }
    #expect(try recognize(dirty, entry).itemOfColumn == byID.itemOfColumn)
    #expect(
      try recognize(entry.items.map { $0.id.lowercased() } + ["ADD_TIME"], entry).itemOfColumn.last
        == .some(nil))
  }

  @Test func theLayoutOf2015MapsOntoThatOf2018() throws {
    let entry = CatalogueEntry.administrativePenalty2018
    let header = [
      "CF_WSH", "CF_CFMC", "CF_CFLB1", "CF_CFLB2", "CF_SY", "CF_YJ", "CF_XDR_MC", "CF_XDR_SHXYM",
      "CF_XDR_ZDM", "CF_XDR_GSDJ",
      "CF_XDR_SWDJ", "CF_XDR_SFZ", "CF_FR", "CF_JG", "CF_JDRQ", "CF_XZJG", "CF_ZT", "DFBM", "SJC", "BZ",
    ]
    // The 2015 layout has no code of the authority, which the record key of the template needs: it maps what it has.
    let found = try recognize(header, entry)
    #expect(found.layout == "2015")
    #expect(found.itemOfColumn[13] == entry.itemIndex("CF_NR") && found.joinedColumns.count == 1)
  }

  @Test func aProvincialLayoutTurnsTheMeaningOfAColumn() throws {
    let entry = CatalogueEntry.administrativePermit2018
    let header = [
      "XK_XDR", "XK_XDR_SHXYM", "XK_FR", "XK_JDSMC", "XK_WSH", "XK_SPLB", "XK_NR", "XK_JDRQ", "XK_YXQQ",
      "XK_YXQZ", "XK_XZJG",
      "XK_JGTYSHXY", "XK_ZT", "XK_SJLYDW", "XK_LYTYSHXYM",
    ]
    let found = try recognize(header, entry)
    #expect(found.itemOfColumn[9] == entry.itemIndex("XK_YXQZI"))
    #expect(try recognize(entry.items.map(\.id), entry).itemOfColumn[20] == entry.itemIndex("XK_YXQZ"))
  }

  @Test func theHeaderOfARealSystemIsRecognised() throws {
    guard let path = RealData.path("interchange/header_row_permit.csv", for: "a real header") else { return }
    let header = try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline)[0]
      .split(
        separator: ",", omittingEmptySubsequences: false
      ).map(String.init)
    let entry = CatalogueEntry.administrativePermit2018
    let found = try recognize(header, entry)
    #expect(found.presentItems.count == 26)
    #expect(found.itemOfColumn.last == .some(nil))
  }

  /// Spellings that real systems write, in place of the item's id. Some say too little to be taken for an item without somebody who decides it: a wrong name on a
  /// penalty is worse than a refused file.
  @Test func spellingsOfRealSystemsAreRecognised() throws {
    guard let path = RealData.path("interchange/header_aliases.tsv", for: "real spellings") else { return }
    let (penalty, permit) = (
      CatalogueEntry.administrativePenalty2018, CatalogueEntry.administrativePermit2018
    )
    let meanings: [String: [(CatalogueEntry, String)]] = [
      "penalty.document_no": [(penalty, "CF_WSH")], "penalty.reason": [(penalty, "CF_SY")],
      "penalty.violation_type": [(penalty, "CF_WFXW")], "penalty.basis": [(penalty, "CF_YJ")],
      "penalty.decision_date": [(penalty, "CF_JDRQ")], "penalty.authority": [(penalty, "CF_CFJG")],
      "subject.name": [(penalty, "CF_XDR_MC")],
      "subject.uscc": [(penalty, "CF_XDR_SHXYM"), (permit, "XK_XDR_SHXYM")],
      "subject.org_code": [(penalty, "CF_XDR_ZZJG"), (permit, "XK_XDR_ZZJG")],
      "subject.reg_no": [(penalty, "CF_XDR_GSZC"), (permit, "XK_XDR_GSZC")],
      "subject.tax_no": [(penalty, "CF_XDR_SWDJ"), (permit, "XK_XDR_SWDJ")],
      "subject.legal_rep": [(penalty, "CF_FRDB"), (permit, "XK_FRDB")],
      "tax.arrears_amount": [(.taxArrears, "QSGG_YE")], "tax.arrears_new": [(.taxArrears, "QSGG_DQ")],
      "tax.kind": [(.taxArrears, "QSGG_SZ")],
      "dishonest.court": [(.courtEnforcement, "FYZX_JG")],
      "dishonest.case_no": [(.courtEnforcement, "FYZX_AH")],
      "dishonest.basis_org": [(.courtEnforcement, "FYZX_YJDW")],
      "dishonest.duty": [(.courtEnforcement, "FYZX_YW")],
      "dishonest.behaviour": [(.courtEnforcement, "FYZX_SXQX")],
      "dishonest.published": [(.courtEnforcement, "FYZX_FBRQ")],
      "abnormal.in_reason": [(.abnormalOperationList, "JYYC_LRYY")],
      "abnormal.in_org": [(.abnormalOperationList, "JYYC_JG")],
      "abnormal.out_reason": [(.abnormalOperationList, "JYYC_YCYY")],
      "abnormal.out_date": [(.abnormalOperationList, "JYYC_YCRQ")],
      "abnormal.out_org": [(.abnormalOperationList, "JYYC_YCJG")],
    ]
    let undecided: Set = [
      "文,号", "税收违法手段", "行政处罚的种类和依据", "文书制作日期", "处罚生效期", "行政相对人代码_3（组织机构代码） ",
    ]
    var recognised = 0
    for line in try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline)
      .dropFirst()
    {
      let cells = line.split(separator: "\t").map(String.init)
      guard cells.count == 2, let places = meanings[cells[0]], !undecided.contains(cells[1]) else { continue }
      for (entry, id) in places {
        let index = try #require(entry.itemIndex(id))
        var header = entry.items.map(\.id)
        header[index] = cells[1]
        let found = try? recognize(header, entry)
        #expect(found?.itemOfColumn[index] == .some(index), "\(entry.code) \(cells[1])")
        recognised += 1
      }
    }
    print("\(recognised) spellings recognised")
    #expect(recognised > 70)
  }

  @Test func wrongHeadersAreRefusedWithTheirReasons() {
    let entry = CatalogueEntry.administrativePenalty2018
    for (header, word) in [
      (["a", "b"], "is the header missing"), (["CF_WSH", "CF_CFJGDM"], "missing columns"),
      (entry.items.map(\.id) + ["行政处罚决定书文号"], "both are item"),
      ((0..<10_000).map { "c\($0)" }, "10000 columns"),
      (
        entry.items.map(\.id).filter { !$0.contains("XDR") } + ["CF_XDR_MC", "CF_XDR_LB"],
        "identifies the subject"
      ),
    ] {
      #expect { try recognize(header, entry) } throws: {
        ($0 as? HeaderError)?.message.contains(word) == true
      }
    }
  }

  private static func entry(_ number: Int, _ random: inout SeededGenerator) -> CatalogueEntry {
    func text() -> String {
      let parts = [
        "名", "a", "\"", "\\", "/", "\n", "\t", "\u{1}", "\u{1F}", "\u{7F}", "é", "𠀀", "\u{2028}", "e\u{301}",
        "\u{8}", "\u{C}", "\r",
      ]
      return (0...Int.random(in: 0...5, using: &random)).map { _ in
        parts[Int.random(in: 0..<parts.count, using: &random)]
      }.joined()
    }
    func sometimes<Value>(_ value: @autoclosure () -> Value) -> Value? {
      Bool.random(using: &random) ? value() : nil
    }
    var entry = CatalogueEntry(
      code: "C\(number)", name: "名" + text(), category: text(), basis: text(), subject: ["A"],
      items: [CatalogueItem(id: "A", name: text(), aliases: [text(), text()])])
    entry.version = Int.random(in: 1...999, using: &random)
    (entry.summary, entry.versionNote, entry.sharingCondition) = (
      sometimes(text()), sometimes(text()), sometimes(text())
    )
    (entry.level, entry.region) = (sometimes(.provincial), sometimes("130302"))
    (entry.effectiveFrom, entry.effectiveUntil) = (sometimes(Day(year: 2021, month: 1, day: 31)) ?? nil, nil)
    entry.subjectName = sometimes("A")
    entry.units = [text()]
    entry.items[0].options = sometimes(["x" + text() + "z", "y"])
    if entry.items[0].options != nil { entry.items[0].allowsSeveral = sometimes(true) }
    (entry.items[0].length, entry.items[0].mask, entry.items[0].remarks) = (
      sometimes(9), sometimes([6, 4]), sometimes(text())
    )
    (entry.items[0].identifier, entry.items[0].openness) = (sometimes(.any), sometimes(.authorized))
    // Options must fit the length.
    if entry.items[0].options != nil { entry.items[0].length = nil }
    return entry
  }

  /// Goal: entries are written as the encoder of the standard library writes them, whatever their texts hold.
  @Test func writingIsEncoding() throws {
    var random = SeededGenerator(seed: 6)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for entry in (0..<500).map({ Self.entry($0, &random) }) + CatalogueEntry.nationalTemplates {
      #expect(
        String(decoding: entry.encodedJSON(), as: UTF8.self)
          == String(decoding: try encoder.encode(entry), as: UTF8.self))
      #expect(try CatalogueEntry.decode(json: entry.encodedJSON()) == [entry])
    }
  }

  /// Goal: reading an array by several threads is reading it whole: the same entries, or an error at the same place.
  @Test func readingInPartsIsReadingWhole() throws {
    var random = SeededGenerator(seed: 7)
    let entries = (0..<700).map { Self.entry($0, &random) }
    let texts = entries.map { String(decoding: $0.encodedJSON(), as: UTF8.self) }
    func both(_ json: String) -> (
      parts: Result<[CatalogueEntry], CatalogueError>, whole: Result<[CatalogueEntry], CatalogueError>
    ) {
      let data = Data(json.utf8)
      return (
        Result { () throws(CatalogueError) in try CatalogueEntry.decode(json: data, parallelBytes: 0) },
        Result { () throws(CatalogueError) in try CatalogueEntry.decode(json: data, parallelBytes: .max) }
      )
    }
    let sound = both(" [\n" + texts.joined(separator: " ,\n ") + "] ")
    #expect(try sound.parts.get() == entries && sound.whole.get() == entries)
    #expect(try both("[]").parts.get().isEmpty)
    // Faults in some later part are told by their place in the whole.
    for place in [0, 255, 256, 300, 699] {
      var wrong = texts
      wrong[place] = wrong[place].replacingOccurrences(of: "\"precision\":18", with: "\"precision\":\"x\"")
      let found = both("[" + wrong.joined(separator: ",") + "]")
      guard case .failure(let first) = found.parts, case .failure(let second) = found.whole else {
        Issue.record("a fault was read over")
        continue
      }
      #expect(first == second && first.path.hasPrefix("[\(place)]"))
    }
    // The parser of the standard library lets a comma at the end pass; whatever it says counts.
    for tail in [",", ",]", "]]", "] x", "],", ",,{}]", ""] {
      let found = both("[" + texts.prefix(300).joined(separator: ",") + tail)
      let outcomes = [found.parts, found.whole].map { (try? $0.get())?.count }
      #expect(outcomes[0] == outcomes[1] && (outcomes[0] == nil || tail == ",]"), "\(tail)")
    }
  }
}
