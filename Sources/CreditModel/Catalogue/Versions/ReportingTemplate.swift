// Owns the file a unit fills in (填报模板): a CSV header, and a sheet that explains it.
// Invariants: collecting a filled-in template recognises every column; the names of columns are those people read.
// Does not write files.

/// The template of an entry for the units that report it.
///
/// ```swift
/// let template = ReportingTemplate(of: entry)
/// try template.header.write(toFile: "template.csv", atomically: true, encoding: .utf8)
/// ```
public struct ReportingTemplate: Sendable {
  private let entry: CatalogueEntry

  /// The template of an entry.
  public init(of entry: CatalogueEntry) { self.entry = entry }

  /// The column names, in the order of the items: the Chinese name, or the id where the name could be read as another item.
  public var columns: [String] {
    let layout = HeaderLayout(own: entry)
    return entry.items.enumerated().map { index, item in
      if let exact = layout.exact[item.name] { return exact == index ? item.name : item.id }
      let folded = HeaderName.folded(item.name)
      return layout.columns[folded] == index && layout.ambiguous[folded] == nil ? item.name : item.id
    }
  }

  /// A CSV text with the header alone (RFC 4180), beginning with a byte-order mark, by which spreadsheets know UTF-8.
  public var header: String { "\u{FEFF}" + Self.line(columns) }

  /// A CSV text with one line for each item: column, id, type, length, required, options, what to know.
  public var explanation: String {
    var lines = ["\u{FEFF}" + Self.line(["列名", "标识", "类型", "长度", "必填", "可选值", "开放属性", "说明"])]
    for (column, item) in zip(columns, entry.items) {
      lines.append(
        Self.line([
          column, item.id, Self.typeName(item), Self.length(item), item.required ? "是" : "否",
          (item.options ?? []).joined(separator: "；"), Self.opennessName(entry.openness(of: item)),
          item.remarks ?? Self.hint(item),
        ]))
    }
    return lines.joined()
  }

  private static func line(_ cells: [String]) -> String {
    cells.map(CSVText.cell).joined(separator: ",") + "\r\n"
  }

  private static func typeName(_ item: CatalogueItem) -> String {
    switch item.type {
    case .text: "文本"
    case .code: item.allowsSeveral == true ? "代码（可多选）" : "代码"
    case .integer: "整数"
    case .decimal: "小数"
    case .date: "日期"
    case .timestamp: "时间"
    case .month: "年月"
    case .boolean: "是或否"
    }
  }

  private static func length(_ item: CatalogueItem) -> String {
    item.type == .decimal ? "\(item.precision),\(item.scale)" : item.length.map { "\($0)" } ?? ""
  }

  private static func opennessName(_ openness: Openness) -> String {
    switch openness {
    case .public: "社会公开"
    case .government: "政务共享"
    case .authorized: "授权查询"
    }
  }

  private static func hint(_ item: CatalogueItem) -> String {
    switch item.type {
    case .date: "例：2021-01-31"
    case .timestamp: "例：2021-01-31 08:00:00"
    case .month: "例：2021-01"
    default: item.identifier == .unifiedSocialCreditCode ? "18 位统一社会信用代码" : ""
    }
  }
}
