// Owns the targets for what people send: CSV, JSON, catalogues, filters, identifiers, cells, encodings.

import CreditModel
import CreditStore
import Foundation
import SegmentStore

enum TextTargets {
  private static let today = Day(daysSinceEpoch: 20_000) ?? .epoch

  private static func records(_ bytes: [UInt8]) -> [[String]] {
    bytes.withUnsafeBytes { buffer in
      var parser = RecordParser(buffer)
      var rows: [[String]] = []
      while parser.next() {
        rows.append((0..<parser.cellCount).map { String(decoding: parser.copy(parser[$0]), as: UTF8.self) })
      }
      return rows
    }
  }

  /// The splitter and the parser agree on where records end, on any bytes.
  static let csv: FuzzTarget = { bytes in
    let boundary = bytes.withUnsafeBytes { RecordSplitter.lastBoundary($0, isLast: false) }.end
    precondition(records(Array(bytes[..<boundary])) + records(Array(bytes[boundary...])) == records(bytes))
  }

  /// The objects of a JSON file are the same in whatever pieces it is read.
  static let json: FuzzTarget = { bytes in
    for member in [nil, "rows"] {
      precondition(objects(bytes, piece: max(1, bytes.count), member) == objects(bytes, piece: 61, member))
    }
  }

  /// The marks and texts of a document are the same in whatever pieces it is read.
  static let xml: FuzzTarget = { bytes in
    precondition(events(bytes, piece: max(1, bytes.count)) == events(bytes, piece: 7))
  }

  private static func events(_ bytes: [UInt8], piece: Int) -> [[UInt8]]? {
    do {
      var reader = try XMLReader(handed(bytes, piece: piece), path: "file")
      var found: [[UInt8]] = []
      while true {
        switch try reader.next() {
        case .over: return found
        case .start: found.append([1] + (reader.attribute("a") ?? []))
        case .end: found.append([2])
        case .text: found.append([3] + reader.text)
        }
      }
    } catch { return nil }
  }

  private static func handed(_ bytes: [UInt8], piece: Int) -> HandedBytes {
    var start = 0
    return HandedBytes(totalBytes: nil) {
      guard start < bytes.count else { return nil }
      defer { start += piece }
      return Array(bytes[start..<min(bytes.count, start + piece)])
    }
  }

  private static let workbookPath =
    "\(NSTemporaryDirectory())fuzz-\(ProcessInfo.processInfo.processIdentifier).xlsx"

  /// A workbook gives rows or an error.
  static let workbook: FuzzTarget = { bytes in
    guard FileManager.default.createFile(atPath: workbookPath, contents: Data(bytes)) else { return }
    attempt {
      let rows = try SheetRows(Workbook(path: workbookPath), sheet: nil, headerRow: nil)
      var piece = [UInt8](repeating: 0, count: 4096)
      var total = 0
      while total < 1 << 20 {
        let count = try piece.withUnsafeMutableBytes { piece in
          try piece.baseAddress.map { try rows.read(into: $0, count: 4096) } ?? 0
        }
        if count == 0 { break }
        total += count
      }
    }
  }

  private static func objects(_ bytes: [UInt8], piece: Int, _ member: String?) -> [[UInt8]]? {
    do {
      let reader = try JSONRecordReader(handed(bytes, piece: piece), path: "file", member: member)
      var found: [[UInt8]] = []
      while let record = try reader.next() {
        found.append(Array(record))
        use(JSONRecordText.read(record) { _, _ in true })
      }
      return found
    } catch { return nil }
  }

  static let catalogue: FuzzTarget = { bytes in
    attempt {
      for entry in try CatalogueEntry.decode(json: Data(bytes)) {
        // What is taken comes back from its own JSON.
        let again = try CatalogueEntry.decode(json: entry.encodedJSON())
        precondition(again == [entry])
      }
    }
  }

  static let filter: FuzzTarget = { bytes in
    attempt { use(try Filter(parsing: String(decoding: bytes, as: UTF8.self))) }
  }

  static let identifier: FuzzTarget = { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    for kind in [nil] + IdentifierKind.allCases.map(Optional.some) {
      let verdict = Identifier.check(text, as: kind, on: today)
      let identifier = Identifier(text, as: verdict.kind)
      guard let key = SubjectKey(identifier, digest: SubjectKey.digest) else { continue }
      // What a key holds in full comes back from it.
      if let back = key.text, !key.needsFullText {
        precondition(back.utf8.elementsEqual(identifier.text.utf8))
      }
    }
    let mention = IdentifierMention([text])
    use(bytes.withUnsafeBytes(mention.isIn))
  }

  /// Cells under every type: what is read comes back from its canonical text.
  static let value: FuzzTarget = { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    for type in ItemType.allCases {
      let item = CatalogueItem(id: "X", name: "X", type: type, scale: type == .decimal ? 4 : 0)
      guard let value = (try? item.value(reading: text)) ?? nil else { continue }
      let again = (try? item.value(reading: value.canonicalText)) ?? nil
      precondition(again == value, "\(type) \(text.debugDescription)")
    }
  }

  static let gb18030: FuzzTarget = { bytes in
    bytes.withUnsafeBytes { buffer in
      use(UTF8Validation.isValid(buffer))
      var decoded: [UInt8] = []
      use(GB18030.shared?.decode(buffer, into: &decoded))
    }
  }
}
