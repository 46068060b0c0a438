// Owns the row in which a version of an entry is stored.
// Invariants: every version stays readable under the columns its items had; what is searched stands beside the JSON and is made from it.

import CreditModel
import Foundation
import SegmentStore

enum CatalogueRow {
  /// The cells of a published version.
  static func cells(_ entry: PublishedEntry) throws -> [RowPayload.Cell] {
    [
      .text(entry.entry.code), .integer(Int64(entry.entry.version)), .integer(Int64(entry.dataset.rawValue)),
      .text(String(decoding: entry.entry.encodedJSON(), as: UTF8.self)),
      .text(try columnJSON(entry)), .integer(Int64(entry.nextColumnID)),
      .text(CatalogueSummary(of: entry.entry).packed), .text(CatalogueSummary.itemTexts(of: entry.entry)),
    ]
  }

  /// Reads a stored row of an entry; `nil` when it is that of another entry under the same key.
  static func entry(_ code: String, of row: StoredRow) throws -> PublishedEntry? {
    let cells = try row.cells(SystemDatasets.catalogue)
    guard cells[0].string == code else { return nil }
    return try decode(
      code, json: cells[3].string, columns: cells[4].string, dataset: cells[2].number, next: cells[5].number)
  }

  /// Reads a row of a scan over all columns.
  static func entry(_ row: borrowing ScanRow) throws -> PublishedEntry {
    try decode(
      String(decoding: try row.text(0) ?? [], as: UTF8.self),
      json: (try row.text(3)).map { String(decoding: $0, as: UTF8.self) },
      columns: (try row.text(4)).map { String(decoding: $0, as: UTF8.self) }, dataset: try row.integer(2),
      next: try row.integer(5))
  }

  /// The entry in a stored JSON text.
  static func entry(_ code: String, json: String) throws -> CatalogueEntry {
    guard let entry = try CatalogueEntry.decode(json: Data(json.utf8)).first, entry.code == code else {
      throw StoreError(.damaged, "the catalogue row of entry \(code) is incomplete")
    }
    return entry
  }

  private static func decode(
    _ code: String, json: String?, columns: String?, dataset: Int64?, next: Int64?
  ) throws -> PublishedEntry {
    guard let json, let columns, let dataset, let next else {
      throw StoreError(.damaged, "the catalogue row of entry \(code) is incomplete")
    }
    let entry = try entry(code, json: json)
    let map = try JSONDecoder().decode(ColumnMap.self, from: Data(columns.utf8))
    guard map.items.count == entry.items.count else {
      throw StoreError(.damaged, "the catalogue row of entry \(code) has a wrong number of columns")
    }
    return PublishedEntry(
      entry: entry, dataset: DatasetID(rawValue: UInt32(clamping: dataset)), columnIDs: map.items,
      nextColumnID: UInt32(clamping: next), knownColumns: map.known)
  }

  /// The columns of an entry's items, and of all items it ever had.
  private struct ColumnMap: Codable {
    var items: [UInt32]
    var known: [String: UInt32]
  }

  /// As JSON with sorted keys: `{"items":[16,17],"known":{"text CODE":16}}`.
  private static func columnJSON(_ entry: PublishedEntry) throws -> String {
    var text = "{\"items\":["
    text += entry.columnIDs.map { String($0) }.joined(separator: ",")
    text += "],\"known\":{"
    for (index, known) in entry.knownColumns.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { text += "," }
      JSONText.append(known.key, to: &text)
      text += ":\(known.value)"
    }
    return text + "}}"
  }
}
