// The example of the README: makes a store, takes in a file, asks for a subject.

import CreditModel
import CreditStore
import Foundation

let folder = FileManager.default.temporaryDirectory.appending(path: "credit-" + UUID().uuidString).path
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
let file = folder + "/registrations.csv"
let header = CatalogueEntry.enterpriseRegistration.items.map(\.name).joined(separator: ",")
let row = "秦皇岛某某有限公司,91130302MA0000015N,2020-05-01,有限责任公司,王某,100万人民币,食品销售,河北,秦皇岛,海港区某路1号"
try Data((header + "\n" + row + "\n").utf8).write(to: URL(fileURLWithPath: file))

// README-BEGIN
try CreditDatabase.create(at: folder + "/store")
let database = try CreditDatabase(opening: folder + "/store", mode: .readWrite())
let receipt = try await database.collect(.csv(file), for: "QYDJ")
print("loaded \(receipt.loaded) of \(receipt.reported)")
for record in try database.snapshot().records(of: "91130302MA0000015N") {
  print(record.key, record["注册日期"]?.canonicalText ?? "-")
}
let count = try database.snapshot().aggregate(AggregateQuery(entries: ["QYDJ"]))
print("records:", count.rows[0].measures[0])
try database.close()
// README-END

try FileManager.default.removeItem(atPath: folder)
