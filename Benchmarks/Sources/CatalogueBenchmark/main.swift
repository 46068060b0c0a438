// Owns the measurement of a city's catalogue: publishing, opening, searching and listing tens of thousands of entries.
// Usage: CatalogueBenchmark [ENTRIES]   (default 25000); prints one JSON object. The same number makes the same entries.

import CreditModel
import CreditStore
import Foundation

/// Entries as cities have them: ten to twenty-four items, a few hundred units, names that differ in a word or two.
func makeEntries(_ count: Int) -> [CatalogueEntry] {
  let subjects = ["行政处罚", "行政许可", "用水缴费", "纳税信用", "社会保险", "合同履行", "司法执行", "荣誉表彰", "信用承诺", "知识产权"]
  let common = ["主体名称", "文书号", "日期", "金额", "内容", "机关", "备注", "依据", "状态"]
  return (0..<count).map { number in
    var items = [
      CatalogueItem(id: "SHXYM", name: "统一社会信用代码", length: 18, identifier: .unifiedSocialCreditCode)
    ]
    items += common.enumerated().map {
      CatalogueItem(id: "A\($0)", name: $1, aliases: $0 == 0 ? ["企业名称", "单位名称"] : [])
    }
    items += (0..<number % 15).map { CatalogueItem(id: "X\($0)", name: "扩展项\((number * 7 + $0) % 900)") }
    return CatalogueEntry(
      code: "M\(100_000 + number)", name: "\(subjects[number % 10])信息（\(number % 574)号单位第\(number / 574)类）",
      category: ["administrative", "utility", "tax"][number % 3],
      nature: CatalogueEntry.Nature.allCases[number % 3],
      subjectKinds: ["legalPerson"], basis: "某某条例第\(number % 300)条",
      units: ["1113030000\(10_000_000 + number % 574)"],
      subject: ["SHXYM"], subjectName: "A0", recordKey: ["A1"], items: items)
  }
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let duration = try ContinuousClock().measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}

func milliseconds(_ body: () throws -> Void) rethrows -> Double { try seconds(body) * 1000 }

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 25_000
let folder =
  FileManager.default.temporaryDirectory.path
  + "/catalogue-benchmark.\(ProcessInfo.processInfo.processIdentifier)"
let entries = makeEntries(count)
let json =
  Data("[".utf8) + Data(entries.map { $0.encodedJSON() }.joined(separator: Data(",".utf8))) + Data("]".utf8)

_ = try CreditDatabase.create(at: folder)
var results: [(String, Double)] = [("entries", Double(count)), ("jsonBytes", Double(json.count))]
let writer = try CreditDatabase(opening: folder, mode: .readWrite())
var decoded: [CatalogueEntry] = []
results.append(("decodeSeconds", try seconds { decoded = try CatalogueEntry.decode(json: json) }))
results.append(("publishSeconds", try seconds { try writer.catalogue.publish(decoded) }))
try writer.close()

var reader: CreditDatabase?
results.append(
  (
    "openAndOneEntryMilliseconds",
    try milliseconds {
      reader = try CreditDatabase(opening: folder, mode: .readOnly)
      _ = try reader?.catalogue.entry("M\(100_000 + count / 2)")
    }
  ))
guard let database = reader else { fatalError("the store was not opened") }
results.append(
  (
    "firstSearchMilliseconds",
    try milliseconds { _ = try database.catalogue.search(CatalogueQuery(text: "处罚")) }
  ))
let words = ["处罚", "扩展项123", "社会保险 57号单位", "条例第7条 金额", "M10", "没有的词", "单位名称", ""]
var times: [Double] = []
for round in 0..<1000 {
  var query = CatalogueQuery(text: words[round % words.count])
  if round % 3 == 0 { query.unit = "1113030000\(10_000_000 + round % 574)" }
  if round % 4 == 0 { query.nature = .negative }
  times.append(try milliseconds { _ = try database.catalogue.search(query, limit: 50) })
}
times.sort()
results.append(("searchMedianMilliseconds", times[500]))
results.append(("searchP99Milliseconds", times[990]))
results.append(("listMilliseconds", try milliseconds { _ = try database.catalogue.listJSON() }))
results.append(("coverageMilliseconds", try milliseconds { _ = try database.catalogueCoverage(by: .unit) }))
results.append(
  ("versionsMilliseconds", try milliseconds { _ = try database.catalogue.versions(of: "M100007") }))
let bytes = try database.statistics().bytes
results.append(("storeBytes", Double(bytes)))
print("{" + results.map { "\"\($0.0)\":\(($0.1 * 1000).rounded() / 1000)" }.joined(separator: ",") + "}")
try FileManager.default.removeItem(atPath: folder)
