// Owns the time line of a report as SVG.
// Invariants: says nothing that the report does not; however many records there are, it has at most some hundred marks: those of a month are one.

import CreditModel

/// The events of a report over time (信用时间轴).
struct ReportTimeline {
  private static let width = 680.0
  private static let margin = 46.0
  private static let lanes: [(nature: CatalogueEntry.Nature, name: String, colour: String)] = [
    (.positive, "守信", "#2c7a3f"), (.neutral, "一般", "#6b7787"), (.negative, "失信", "#b3392c"),
  ]

  private struct Place: Hashable {
    var month: Int
    var lane: Int
  }

  private var marks: [Place: [CreditReport.Record]] = [:]
  private var first = Int.max
  private var last = Int.min

  init(_ content: CreditReport.Content) {
    for record in content.sections.flatMap(\.records) {
      guard let day = record.day, !day.isOpenEnded else { continue }
      let month = Int(day.month.monthsSinceYearZero)
      let lane = Self.lanes.firstIndex { $0.nature == record.nature } ?? 1
      marks[Place(month: month, lane: lane), default: []].append(record)
      (first, last) = (min(first, month), max(last, month))
    }
  }

  /// The drawing; empty where nothing has a date.
  func svg() -> String {
    guard !marks.isEmpty else { return "" }
    let (start, end) = (first / 12 * 12, (last / 12 + 1) * 12)
    let scale = (Self.width - Self.margin - 14) / Double(max(1, end - start))
    func x(_ month: Int) -> Double { Self.margin + (Double(month - start) + 0.5) * scale }
    var svg = """
      <svg viewBox="0 0 680 104" role="img" aria-label="信用时间轴" font-family="Noto Sans CJK SC,sans-serif" font-size="9">
      """
    let years = (end - start) / 12
    let every = max(1, (years + 11) / 12)
    for year in stride(from: 0, through: years, by: every) {
      let place = number(Self.margin + Double(year * 12) * scale)
      svg += "<line x1=\"\(place)\" x2=\"\(place)\" y1=\"8\" y2=\"84\" stroke=\"#dfe5ec\"/>"
      svg += "<text x=\"\(place)\" y=\"98\" text-anchor=\"middle\" fill=\"#555\">\(start / 12 + year)</text>"
    }
    for (lane, kind) in Self.lanes.enumerated() {
      let y = 20 + lane * 26
      svg += "<line x1=\"46\" x2=\"672\" y1=\"\(y)\" y2=\"\(y)\" stroke=\"#c9d2dd\"/>"
      svg += "<text x=\"38\" y=\"\(y + 3)\" text-anchor=\"end\" fill=\"\(kind.colour)\">\(kind.name)</text>"
    }
    for (place, records) in marks.sorted(by: { ($0.key.month, $0.key.lane) < ($1.key.month, $1.key.lane) }) {
      let radius = min(9, 2.6 + 1.6 * Double(records.count - 1).squareRoot())
      let names = Set(records.map(\.name)).sorted().prefix(6).joined(separator: "、")
      let title =
        "\(place.month / 12)年\(place.month % 12 + 1)月：\(names)\(records.count > 1 ? "，共 \(records.count) 条" : "")"
      svg +=
        "<circle cx=\"\(number(x(place.month)))\" cy=\"\(20 + place.lane * 26)\" r=\"\(number(radius))\" "
      svg +=
        "fill=\"\(Self.lanes[place.lane].colour)\" fill-opacity=\".72\"><title>\(MarkupText.escaped(title))</title></circle>"
    }
    return svg + "</svg>"
  }

  /// A number with one place.
  private func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(abs(tenths % 10))"
  }
}
