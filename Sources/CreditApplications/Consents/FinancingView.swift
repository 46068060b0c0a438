// Owns what a lender sees with a subject's consent: the data gathered for financing, kind by kind.
// Invariants: shows what the consent names, and fails without one; nothing is worked out that would tell more than the records shown.

public import CreditModel
import CreditStore

/// What a lender sees of a subject (信易贷数据).
public struct FinancingView: Codable, Sendable, Equatable {
  /// One kind of data.
  public struct Kind: Codable, Sendable, Equatable {
    /// Code of the entry.
    public var entry: String
    /// Its name.
    public var name: String
    /// Category of the information.
    public var category: String
    /// Records, the latest first.
    public var records: [ShownRecord]
    /// The first day of their events.
    public var first: Day?
    /// The last day of their events.
    public var last: Day?
  }

  /// Kinds of data with records.
  public var kinds: [Kind]
  /// Codes of entries that may be seen and of which there are no records.
  public var without: [String]
  /// The consent it rests on; `nil` for the subject itself and the centre.
  public var consent: String?
  /// The commit of the store.
  public var commit: UInt64
}

extension AccessSession {
  /// Shows the data of a subject that was gathered for financing (融资信用服务).
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - kind: its kind; `nil` = by its form.
  /// - Throws: `AccessRefusal`: `consentMissing`, `consentRevoked`, `consentExpired`, `consentScope`; `CreditError`.
  public func financing(of text: String, kind: IdentifierKind? = nil) throws -> FinancingView {
    let subject = identifier(text, kind: kind)
    return try perform(.finance, about: [subject]) { all, facts in
      let reading = try all.limited(
        to: { $0.audience == .authorized || $0.audience == .subject || $0.audience == .centre },
        or: .noConsent)
      func isFinancing(_ entry: CatalogueSummary) -> Bool {
        ReportTemplate.financing.contains(entry.category)
          || reading.consent?.entries.contains(entry.code) ?? false
      }
      let records = try reading.records(of: subject, choice: "financing", where: isFinancing)
      let groups = Dictionary(grouping: records, by: \.entry)
      let kinds = groups.values.compactMap { group -> FinancingView.Kind? in
        guard let any = group.first else { return nil }
        let days = group.compactMap(\.day)
        return FinancingView.Kind(
          entry: any.entry, name: any.entryName, category: any.category,
          records: group.sorted { $0.day ?? .minimum > $1.day ?? .minimum }, first: days.min(),
          last: days.max())
      }.sorted { $0.entry < $1.entry }
      facts.entries = Set(groups.keys)
      facts.rows = records.count
      let visible = try reading.visibleCodes(choice: "financing", where: isFinancing)
      return FinancingView(
        kinds: kinds, without: visible.subtracting(groups.keys).sorted(), consent: reading.consent?.id,
        commit: reading.snapshot.commit)
    }
  }
}
