// Owns the example of a report desk: a company's credit report as data and as a page for printing, with a number that anybody can verify.
// It imports the applications alone, as a service does. Usage: ReportPrinting [FOLDER for the pages]; it makes a store of its own and takes it away again.

import CreditApplications
import Foundation

let folder = FileManager.default.temporaryDirectory.appending(path: "report-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }
let target = URL(fileURLWithPath: CommandLine.arguments.dropFirst().first ?? folder.path)
let store = folder.appending(path: "store").path
try CreditPlatform.create(at: store)
var options = CreditPlatform.Options()
options.issuer = "秦皇岛市信用信息中心（演示）"
let platform = try CreditPlatform(opening: store, mode: .readWrite(), options: options)
let keeper = try platform.keeperSession(name: "setup", purpose: "演示")

// MARK: What units reported

let body = "93130321MA0000031N"
let market = "11130300000000019B"
func write(_ name: String, _ lines: [String]) throws -> String {
  let path = folder.appending(path: name).path
  try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
  return path
}

func day(_ number: Int) -> String { Day(daysSinceEpoch: 20_100 + number)?.description ?? "2025-01-12" }

try keeper.collect(
  write(
    "registration.csv",
    [
      "企业名称,统一社会信用代码,注册日期,企业类型,法人代表,注册资金,经营范围,所在省份,地区,注册地址",
      "青龙满族自治县山水种植专业合作社,\(body),2016-05-18,农民专业合作社,李四,伍拾万元,林果种植；农产品销售,河北省,秦皇岛市,青龙镇示范路1号",
    ]), for: "QYDJ")
try keeper.collect(
  write(
    "permits.csv",
    [
      "XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_FRDB,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_XKJGDM,XK_ZT,XK_LYDW,XK_LYDWDM"
    ]
      + (0..<24).map { number in
        "青龙满族自治县山水种植专业合作社,法人及非法人组织,\(body),李四,准予许可决定书,冀秦许字〔2025〕第\(number)号,普通,食品经营许可,\(day(number * 20)),"
          + "\(day(number * 20)),2099-12-31,青龙满族自治县行政审批局,\(market),1,青龙满族自治县行政审批局,\(market)"
      }), for: "XZXK")
let penaltyHeader =
  "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_FRDB,CF_WSH,CF_WFXW,CF_SY,CF_YJ,CF_CFLB,CF_NR,CF_NR_FK,CF_JDRQ,CF_YXQ,CF_CFJG,CF_CFJGDM,CF_SJLY,CF_SJLYDM"
func penalty(_ body: String, _ name: String, _ number: Int) -> String {
  "\(name),法人及非法人组织,\(body),李四,冀秦罚〔2025〕\(number)号,违反农产品质量安全规定,未建立生产记录,农产品质量安全法第二十七条,罚款,罚款两千元,0.2,\(day(number % 480)),"
    + "2099-12-31,青龙满族自治县农业农村局,\(market),青龙满族自治县农业农村局,\(market)"
}

try keeper.collect(
  write("penalties.csv", [penaltyHeader] + (0..<6).map { penalty(body, "青龙满族自治县山水种植专业合作社", $0 * 60) }),
  for: "XZCF")
try keeper.collect(
  write(
    "honours.csv",
    [
      "SXRY_MC,SXRY_SHXYM,SXRY_RYMC,SXRY_RQ,SXRY_JG,SXRY_JGDM",
      "青龙满族自治县山水种植专业合作社,\(body),河北省农民合作社示范社,2025-09-01,河北省农业农村厅,\(market)",
    ]), for: "K11-SXRY")
let large = "92130303MA0000023W"
try keeper.collect(
  write("many.csv", [penaltyHeader] + (0..<5000).map { penalty(large, "海港区示例商行", 1000 + $0) }), for: "XZCF")

// MARK: The desk

func milliseconds(_ count: Int, _ work: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  for _ in 0..<count { try work() }
  let took = ContinuousClock.now - start
  return (Double(took.components.seconds) * 1e3 + Double(took.components.attoseconds) / 1e15) / Double(count)
}

let desk = try platform.keeperSession(name: "li", purpose: "项目申报", audience: .subject)
let report = try desk.report(ReportRequest(subject: body, isIssued: true))
let page = target.appending(path: "report.html")
try ReportPage(report).html.write(to: page, atomically: true, encoding: .utf8)
print("报告 \(report.number ?? "-")，核验码 \(report.verificationCode ?? "-")：\(page.path)")
for section in report.content.sections {
  print("  \(section.number)、\(section.title)：\(section.records.count)")
}
let special = try desk.report(ReportRequest(subject: body, template: .noViolation))
try ReportPage(special).html.write(
  to: target.appending(path: "special.html"), atomically: true, encoding: .utf8)
let huge = try desk.report(ReportRequest(subject: large))
let hugePage = ReportPage(huge).html
try hugePage.write(to: target.appending(path: "large.html"), atomically: true, encoding: .utf8)

let data = try milliseconds(200) { _ = try desk.report(ReportRequest(subject: body)) }
let html = milliseconds(200) { _ = ReportPage(report).html }
let many = try milliseconds(3) { _ = try desk.report(ReportRequest(subject: large)) }
let manyHTML = milliseconds(3) { _ = ReportPage(huge).html }
func short(_ value: Double) -> String { String(format: "%.2f", value) }
print(
  "32 条记录：数据 \(short(data)) 毫秒，页面 \(short(html)) 毫秒；5000 条记录：数据 \(short(many)) 毫秒，页面 \(short(manyHTML)) 毫秒")

let found = try platform.session(.visitor).verifyReport(
  number: report.number ?? "", code: report.verificationCode ?? "")
print("核验：\(found.isGenuine ? "真实" : "不实")，内容\(found.isReproduced == true ? "一致" : "不一致")")
try platform.close()
