// Owns the data set on which the library and other engines are measured: nine columns, 166 bytes a row.
// Invariants: the distributions are those of docs/benchmarks/peers.md, from a seed; nothing in the library knows them.

import CityGeneration
import CreditModel
import CreditStore
import Foundation

struct PeerProfile {
  private static let subjects = 400_000
  private static let words = [
    "责令改正", "罚款", "警告", "没收违法所得", "吊销许可证", "食品经营许可", "建设工程规划许可", "排污许可", "安全生产许可",
    "道路运输经营许可", "用电量", "用水量", "缴费正常", "欠费", "已缴纳", "社会保险费", "住房公积金", "增值税", "企业所得税", "专利授权",
  ]

  static let entry = CatalogueEntry(
    code: "PEER", name: "对比数据", category: "other", subjectKinds: ["legalPerson"], openness: .public,
    updateCycle: "daily", subject: ["subject"], eventDate: "event_date",
    items: [
      CatalogueItem(id: "subject", name: "主体", type: .code, length: 18, required: true),
      CatalogueItem(id: "catalogue", name: "目录", type: .code, length: 32),
      CatalogueItem(id: "unit", name: "单位", type: .code, length: 16),
      CatalogueItem(id: "doc_no", name: "文号", type: .text, length: 128),
      CatalogueItem(id: "event_date", name: "日期", type: .date),
      CatalogueItem(id: "received_at", name: "接收时间", type: .timestamp),
      CatalogueItem(id: "amount", name: "金额", type: .integer),
      CatalogueItem(id: "status", name: "状态", type: .integer),
      CatalogueItem(id: "content", name: "内容", type: .text, length: 512),
    ])

  let folder: String
  let records: Int
  let seed: UInt64

  func write(progress: (Double) -> Void) throws -> GenerationSummary {
    var random = SeededRandom(seed: seed)
    let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)
    let codes = (0..<Self.subjects).map { _ in
      CodeMaker.creditCode(
        prefix: "91" + random.pick(CodeMaker.divisions), body: (0..<8).map { _ in alphabet[random.below(31)] }
      )
    }
    let picker = ZipfPicker(count: Self.subjects, exponent: 0.6)
    let writer = try CSVWriter(folder + "/peer.csv")
    try writer.write(raw: Self.entry.items.map { "\"\($0.id)\"" }.joined(separator: ","))
    for row in 0..<records {
      try writer.write(raw: line(row, codes[picker.pick(&random)], &random))
      if row.isMultiple(of: 50_000) { progress(Double(row) / Double(records)) }
    }
    try writer.close()
    try Data(Self.entry.encodedJSON()).write(to: URL(fileURLWithPath: folder + "/catalogue.json"))
    return GenerationSummary(files: 2, records: records, entries: 1, units: 574)
  }

  private func line(_ row: Int, _ code: String, _ random: inout SeededRandom) -> String {
    // Pareto with exponent 1, as the reference file: a long tail over 25,000 catalogue codes.
    let catalogue = min(Int((1 / max(1e-12, 1 - random.unit()) - 1) * 20), 24_999)
    // Days of arrival ascend with the rows.
    let day = 17_500 + Int(Double(row) / Double(max(1, records)) * 1492)
    let event = day - random.below(10)
    let second = Second(day: Day(daysSinceEpoch: day) ?? .epoch, secondOfDay: random.below(86_400))
    let amount = Int64(exp(6 + 1.5 * random.normal()) * 100)
    let share = random.unit()
    let status = share < 0.9 ? 0 : share < 0.95 ? 1 : share < 0.98 ? 2 : 3
    let words = (0..<3).map { _ in random.pick(Self.words) }
    let received = (second?.description ?? "").replacingOccurrences(of: "T", with: " ")
    return "\"\(code)\",\"1303-\(catalogue)\",\"U\(catalogue % 574)\","
      + "\"冀秦\(words[0])字〔2021〕第\(random.below(10_000_000))号\",\(Day(daysSinceEpoch: event) ?? .epoch),\(received),"
      + "\(amount),\(status),\"\(words.joined())\""
  }
}

/// What was generated.
struct GenerationSummary {
  var files: Int
  var records: Int
  var entries: Int
  var units: Int
}

/// Picks ranks with probability proportional to 1 / rank^exponent, scattered over the indexes.
struct ZipfPicker {
  private let cumulative: [Double]

  init(count: Int, exponent: Double) {
    var total = 0.0
    cumulative = (1...count).map { rank in
      total += 1 / pow(Double(rank), exponent)
      return total
    }
  }

  func pick(_ random: inout SeededRandom) -> Int {
    let target = random.unit() * (cumulative.last ?? 0)
    var low = 0
    var high = cumulative.count - 1
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] < target { low = middle + 1 } else { high = middle }
    }
    // A fixed odd multiplier scatters the ranks, so that busy subjects do not neighbour each other.
    return low &* 7_919 % cumulative.count
  }
}
