// Owns the texts that the cells of a workbook share (ISO/IEC 29500-1, 18.4).
// Invariants: a text is the runs of its characters, without the readings of East Asian ones; all texts together have a limit.

import SegmentStore

/// The shared texts of a workbook, by their numbers.
struct SharedTexts {
  /// Bytes of all texts and their places at most.
  static let maximumBytes = 256 << 20

  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// No texts.
  init() {}

  /// Reads the part of a workbook that holds them.
  init(_ source: any ByteSource, path: String) throws {
    var reader = try XMLReader(source, path: path)
    var isText = false
    var readings = 0
    while true {
      switch try reader.next() {
      case .over: return
      case .start:
        if reader.isElement("rPh") { readings += 1 }
        isText = reader.isElement("t") && readings == 0
      case .end:
        isText = false
        if reader.isElement("rPh") { readings = max(0, readings - 1) }
        if reader.isElement("si") { ends.append(bytes.count) }
      case .text: if isText { bytes += CellText.unescaped(reader.text) }
      }
      guard bytes.count + ends.count * 8 <= Self.maximumBytes else {
        throw CreditError(
          "limit", "the texts of the workbook take more than \(Self.maximumBytes >> 20) MiB; save it as CSV",
          file: path)
      }
    }
  }

  /// The text of a number, or `nil`.
  subscript(number: Int) -> ArraySlice<UInt8>? {
    guard ends.indices.contains(number) else { return nil }
    return bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]]
  }
}

/// Characters of cells that are written in a way of their own.
enum CellText {
  /// A text whose `_xHHHH_` are the control characters they stand for (ISO/IEC 29500-1, 22.9.2.19).
  static func unescaped(_ text: [UInt8]) -> [UInt8] {
    let mark = UInt8(ascii: "_")
    guard text.contains(mark) else { return text }
    var result: [UInt8] = []
    var place = 0
    while place < text.count {
      if text[place] == mark, place + 6 < text.count, text[place + 1] == UInt8(ascii: "x"),
        text[place + 6] == mark,
        let number = UInt32(String(decoding: text[place + 2..<place + 6], as: UTF8.self), radix: 16),
        let scalar = Unicode.Scalar(number)
      {
        result += Array(String(Character(scalar)).utf8)
        place += 7
      } else {
        result.append(text[place])
        place += 1
      }
    }
    return result
  }
}
