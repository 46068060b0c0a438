// Owns the form in which values of a column stand in an aggregate result.
// Invariants: forms are those of the JSON contract (docs/command.md). Does not order values.

import CreditModel

/// Values that a question numbered, as cells.
struct ResultValues: @unchecked Sendable {
  // Sendable because a numbering is only read once its question is answered.
  let numbering: ColumnNumbering
  let format: CellFormat

  /// The cell of a number.
  func cell(_ number: UInt32) -> AggregateResult.Cell {
    guard number > 0 else { return .null }
    if numbering.isText {
      return .text(numbering.withText(number) { String(decoding: $0, as: UTF8.self) })
    }
    return format.cell(.number(numbering.integer(number)))
  }
}

/// How stored values of a column are shown.
struct CellFormat: Sendable {
  /// The item; `nil` for the store's own columns.
  let item: CatalogueItem?
  var part: AggregateQuery.Group.Part = .value

  func cell(_ value: QueryValue) -> AggregateResult.Cell {
    switch (value, part) {
    case (.null, _): .null
    case (.text(let bytes), _): .text(String(decoding: bytes, as: UTF8.self))
    case (.number(let number), .month): .text(Self.month(Int(number)))
    case (.number(let number), .quarter):
      .text(Self.padded(Int(number) / 4, 4) + "-Q\(number % 4 + 1)")
    case (.number(let number), .year): .text(Self.padded(Int(number), 4))
    case (.number(let number), .value): numberCell(number)
    }
  }

  private func numberCell(_ number: Int64) -> AggregateResult.Cell {
    guard let item else { return .integer(Int128(number)) }
    switch item.value(stored: number) {
    case .integer(let value): return .integer(Int128(value))
    case .boolean(let flag): return .boolean(flag)
    case let value: return .text(value.canonicalText)
    }
  }

  private static func month(_ number: Int) -> String {
    padded(number / 12, 4) + "-" + padded(number % 12 + 1, 2)
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}
