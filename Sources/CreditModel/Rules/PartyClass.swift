// Owns the party classes of the 2018 standard.
// Invariants: three classes; the wording is the standard's.

/// Class of the party of a permit or penalty (行政相对人类别).
public enum PartyClass: String, Codable, Sendable, CaseIterable {
  /// 法人及非法人组织.
  case body = "法人及非法人组织"
  /// 个体工商户.
  case soleTrader = "个体工商户"
  /// 自然人.
  case naturalPerson = "自然人"

  /// The items of national templates that say it.
  public static let items = ["XK_XDR_LB", "CF_XDR_LB", "subjectCategory"]
}
