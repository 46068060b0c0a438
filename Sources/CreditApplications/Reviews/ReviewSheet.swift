// Owns the result of a review: a line a subject, and how it is printed and exported.
// Invariants: counts are what may be shown today; where the decision handed over others, the line says so. Nothing in a cell is markup, nor a formula to
// whoever opens the file in a spreadsheet.

public import CreditModel

/// The result of a review (信用审查结果).
public struct ReviewSheet: Codable, Sendable, Equatable {
  /// How many records of a kind a subject has.
  public struct Count: Codable, Sendable, Equatable {
    /// Code of the kind.
    public var kind: String
    /// Records with an event in the period, and those without a day; of lists those who were on them on a day of the period.
    public var records: Int
    /// Those of them that count today: memberships and periods that have begun and are not over.
    public var inForce: Int
    /// Those of them somebody objects to, and nobody has decided yet (异议处理中).
    public var disputed: Int
  }

  /// One of those to be reviewed, as it is shown.
  public struct Subject: Codable, Sendable, Equatable {
    /// Its number in the request, from 1.
    public var number: Int
    /// The identifier, masked where it is a person's.
    public var subject: String
    /// The name the unit gave.
    public var name: String?
    /// Whether its number could be one, by its form and check character.
    public var isValid: Bool
  }

  /// What was found about one subject.
  public struct Line: Codable, Sendable, Equatable {
    /// Its number in the request, from 1.
    public var number: Int
    /// The identifier, masked where it is a person's: the sheet goes from hand to hand.
    public var subject: String
    /// The name the unit gave.
    public var name: String?
    /// Whether its number could be one, by its form and check character, or because a record has it.
    public var isValid: Bool
    /// Whether there is any record that was counted, or its registration.
    public var isFound: Bool
    /// Whether a record gives it, or once gave it, the name of the request; `nil` where no name can be compared.
    public var isNameKnown: Bool?
    /// One a kind, in the order of the request.
    public var counts: [Count]
    /// Whether the decision handed over other counts: something was added, corrected or repaired since (结果已变化). For the centre alone, `nil` for others: it
    /// would tell them of what they may not be shown any more.
    public var isChanged: Bool?
    /// What the decision handed over, where that is other than now; for the centre alone as well.
    public var decidedCounts: [Count]?
  }

  /// The review.
  public var review: CreditReview
  /// Name of the unit that asked, where it is known.
  public var unitName: String?
  /// The day of the decision.
  public var decidedOn: Day
  /// One a subject, in the order of the request; those of whom everything was purged are missing.
  public var lines: [Line]
  /// Different subjects with records, by code of the kind.
  public var subjectsWithRecords: [String: Int]
  /// The commit as of which was counted.
  public var commit: UInt64

  // MARK: Export

  /// The sheet as CSV with a byte order mark, as spreadsheets open it.
  public var csv: String {
    var rows = [header]
    rows += lines.map { line in
      [String(line.number), line.name ?? "", line.subject] + line.counts.map { String($0.records) }
        + [remark(line)]
    }
    return "\u{FEFF}"
      + rows.map { $0.map { CSVText.cell(Self.plain($0)) }.joined(separator: ",") + "\r\n" }.joined()
  }

  /// The sheet as a page to be printed: UTF-8, A4.
  public var html: String {
    let title = "信用审查结果"
    var page = "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>\(title)</title>"
    page +=
      "<style>\(ReportStyle.sheet)\n.sheet th{width:auto}.sheet td.count{text-align:right}.sheet td.code{white-space:nowrap}</style></head>"
    page += "<body>\n<h1>\(title)</h1>\n"
    page += "<div class=\"head\"><span>编号：\(MarkupText.escaped(review.id))</span>"
    page += "<span>审核通过：\(MarkupText.chinese(decidedOn))</span></div>\n<table>"
    for (name, value) in [
      ("审查名称", review.title), ("审查用途", review.purpose), ("申请单位", unitName ?? review.unit ?? "— —"),
      ("信息期限", period), ("审查主体", "\(review.subjectCount) 个"),
    ] {
      page += "<tr><th>\(name)</th><td>\(MarkupText.escaped(value))</td></tr>"
    }
    page += "</table>\n<div class=\"counts\">"
    for kind in review.kinds {
      page += "<div><b>\(subjectsWithRecords[kind.code] ?? 0)</b>\(MarkupText.escaped(kind.name))</div>"
    }
    page += "</div>\n<table class=\"sheet\"><tr>"
    page += header.map { "<th>\(MarkupText.escaped($0))</th>" }.joined() + "</tr>\n"
    for line in lines {
      page += "<tr><td class=\"count\">\(line.number)</td><td>\(MarkupText.escaped(line.name ?? ""))</td>"
      page += "<td class=\"code\">\(MarkupText.escaped(line.subject))</td>"
      for count in line.counts { page += "<td class=\"count\">\(count.records)</td>" }
      page += "<td>\(MarkupText.escaped(remark(line)))</td></tr>\n"
    }
    page += "</table>\n<div class=\"foot\">所列为信用信息条数，数据截至提交 \(commit)；"
    page += "查无信息不等于没有失信行为。</div>\n"
    return page + "</body></html>\n"
  }

  private var header: [String] {
    ["序号", "名称", "主体代码"] + review.kinds.map(\.name) + ["说明"]
  }

  private var period: String {
    let last = review.until.map(MarkupText.chinese) ?? MarkupText.chinese(decidedOn)
    return (review.from.map(MarkupText.chinese) ?? "最早") + "至" + last
  }

  private func remark(_ line: Line) -> String {
    var remarks: [String] = []
    if !line.isValid { remarks.append("代码不符合规则，请核对") }
    if !line.isFound { remarks.append("查无信息") }
    if line.isNameKnown == false { remarks.append("名称与记录不符，请核对") }
    for (kind, count) in zip(review.kinds, line.counts) where count.inForce < count.records {
      remarks.append("\(kind.name)现行 \(count.inForce) 条")
    }
    for (kind, count) in zip(review.kinds, line.counts) where count.disputed > 0 {
      remarks.append("\(kind.name)有 \(count.disputed) 条异议处理中")
    }
    if line.isChanged ?? false { remarks.append("与审核通过时不同") }
    return remarks.joined(separator: "；")
  }

  /// A cell that no spreadsheet takes for a formula, nor, with digits alone, for a number of which it would show the first fifteen.
  private static func plain(_ cell: String) -> String {
    if cell.utf8.count > 11, cell.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) { return "\t" + cell }
    guard let first = cell.unicodeScalars.first, "=+-@\t\r\n".unicodeScalars.contains(first) else {
      return cell
    }
    return "'" + cell
  }
}
