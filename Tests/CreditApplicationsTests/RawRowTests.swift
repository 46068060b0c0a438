// Goal: rows that were set aside show no personal number, mistyped or not, to whoever has no purpose.
// Method: rows with numbers that are wrong in every way one mistypes them, under the item's own column and under another's name for it.

import CreditApplications
import CreditModel
import Foundation
import Testing

@Suite struct RawRowTests {
  private static let today = Day("2026-11-30") ?? .epoch

  private func shown(_ cells: [String: String], of entry: CatalogueEntry) throws -> [String: String] {
    let json = String(decoding: try JSONEncoder().encode(cells), as: UTF8.self)
    let shown = RecordPresentation.masked(on: Self.today).rawRow(json, of: entry)
    return try JSONDecoder().decode([String: String].self, from: Data(shown.utf8))
  }

  @Test(arguments: [
    "130302199002290013", "13030219900101001", "130302901301001", "l30302199001010016", "130302199001010016",
  ])
  func mistypedNumbersAreMasked(number: String) throws {
    for (column, entry) in [
      ("CF_XDR_ZJHM", CatalogueEntry.administrativePenalty2018), ("CF_XDR_SFZ", .administrativePenalty2018),
    ] {
      let shown = try shown([column: number, "CF_WSH": "秦市监罚〔2024〕1号"], of: entry)
      #expect(shown[column]?.contains(number.dropFirst(6).dropLast(4)) == false, "\(shown)")
      #expect(shown["CF_WSH"] == "秦市监罚〔2024〕1号")
    }
    // An item that takes any identifier and has no mask of its own.
    let entry = CatalogueEntry(
      code: "E", name: "E", subject: ["S"], recordKey: ["K"],
      items: [CatalogueItem(id: "S", name: "代码", identifier: .any), CatalogueItem(id: "K", name: "号")])
    let masked = try shown(["代码": number, "号": "1"], of: entry)
    #expect(masked["代码"]?.contains(number.dropFirst(6).dropLast(4)) == false, "\(masked)")
    #expect(try shown(["代码": "91130302MA0000015N", "号": "1"], of: entry)["代码"] == "91130302MA0000015N")
  }
}
