// Owns a report as a page made to be printed.
// Invariants: one file that needs no other; everything from records is text; the same report gives the same page.

import CreditModel

/// A credit report as HTML (信用报告打印页).
///
/// ```swift
/// try ReportPage(report).html.write(to: file, atomically: true, encoding: .utf8)
/// ```
public struct ReportPage: Sendable {
  private let report: CreditReport

  /// Makes the page of a report.
  public init(_ report: CreditReport) { self.report = report }

  /// The page: UTF-8, A4.
  public var html: String {
    let content = report.content
    var page = "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
    page += "<meta name=\"viewport\" content=\"width=device-width\"><title>\(text(content.title))</title>"
    page += "<style>\(ReportStyle.sheet)</style></head><body>\n<h1>\(text(content.title))</h1>\n"
    page += "<div class=\"head\"><span>报告编号：\(text(report.number ?? "（未编号）"))</span>"
    page += "<span>生成时间：\(text(report.issued))</span><span>版本：\(text(content.version))</span></div>\n"
    append(content.subject, to: &page)
    append(counts: content, to: &page)
    let timeline = ReportTimeline(content).svg()
    if !timeline.isEmpty { page += timeline + "\n" }
    for section in content.sections { append(section, to: &page) }
    appendFoot(to: &page)
    return page + "</body></html>\n"
  }

  private func text(_ text: String) -> String { MarkupText.escaped(text) }

  private func row(_ name: String, _ value: String?) -> String {
    "<tr><th>\(text(name))</th><td>\(text(value ?? report.content.absentText))</td></tr>"
  }

  private func append(_ subject: CreditReport.Subject, to page: inout String) {
    page += "<table>" + row("主体名称", subject.name) + row("主体代码", subject.identifiers.joined(separator: "、"))
    if !subject.formerNames.isEmpty { page += row("曾用名", subject.formerNames.joined(separator: "、")) }
    page += row("查询事由", report.purpose)
    let content = report.content
    let from = content.from.map(MarkupText.chinese) ?? "有记录以来"
    page +=
      row("查询期", "\(from) 至 \(MarkupText.chinese(content.until))") + row("报告出具机构", report.issuer) + "</table>"
    if !subject.labels.isEmpty {
      page += "<p>" + subject.labels.map { "<span class=\"label\">\(text($0))</span>" }.joined() + "</p>"
    }
    page += "\n"
  }

  private func append(counts content: CreditReport.Content, to page: inout String) {
    let counted = content.sections.filter {
      $0.text == nil || !$0.records.isEmpty || $0.scope != nil || !isAdvice($0)
    }
    page += "<div class=\"counts\">"
    for section in counted { page += "<div><b>\(section.records.count)</b>\(text(section.title))</div>" }
    page += "</div>\n"
  }

  /// A section that holds advice, or a summary, is not one without records.
  private func isAdvice(_ section: CreditReport.Section) -> Bool {
    section.isSummary ?? false || section.text == report.content.advice.joined(separator: "\n")
  }

  private func append(_ section: CreditReport.Section, to page: inout String) {
    let count = isAdvice(section) ? "" : "<small>共 \(section.records.count) 条</small>"
    page += "<h2>\(text(section.number))、\(text(section.title))\(count)</h2>\n"
    if let scope = section.scope { page += "<p class=\"scope\">\(text(scope))</p>" }
    for (number, record) in section.records.enumerated() {
      let marks = (record.isDisputed ? ["异议处理中"] : []) + (record.isRepaired ?? false ? ["已修复"] : [])
      let mark = marks.map { "<span class=\"mark\">\($0)</span>" }.joined()
      page += "<div class=\"record\(record.fields.count > 16 ? " long" : "")\">"
      page += "<h3>\(number + 1). \(text(record.name))\(mark)</h3><table>"
      for field in record.fields { page += row(field.name, field.value) }
      page += "</table></div>\n"
    }
    if let words = section.text { page += "<p class=\"none\">\(text(words))</p>\n" }
  }

  private func appendFoot(to page: inout String) {
    let content = report.content
    page += "<div class=\"foot\">本报告仅载明查询期内归集的事实信息，不含评分。数据截至提交 \(content.commit)。"
    if let code = report.verificationCode { page += "核验码：\(text(code))。" }
    page += "<br>内容摘要（SHA-256）：\(text(report.contentHash))</div>\n"
  }
}
