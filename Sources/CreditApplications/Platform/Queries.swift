// Owns looking at the records of a subject.
// Invariants: as `AccessReading` shows them.

public import CreditModel
import CreditStore

extension AccessSession {
  /// The records of a subject that the caller may see, by entry and event (信用查询).
  ///
  /// ```swift
  /// let session = try platform.session(.visitor)
  /// for record in try session.records(of: "91130302MA0000015N") { print(record.entryName) }
  /// ```
  /// Who may see nothing of a subject gets the answer that is given for one the store does not know.
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - kind: its kind; `nil` = by its form.
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func records(of text: String, kind: IdentifierKind? = nil) throws -> [ShownRecord] {
    let subject = identifier(text, kind: kind)
    return try perform(.query, about: [subject]) { reading, facts in
      let records = try reading.records(of: subject)
      facts.entries = Set(records.map(\.entry))
      facts.rows = records.count
      return records
    }
  }
}
