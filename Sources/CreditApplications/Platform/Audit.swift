// Owns reading the access log as far as callers may.
// Invariants: reading the log is logged too; whoever does not reach all units reads the lines of those it reaches.

public import CreditModel
import CreditStore

extension AccessSession {
  /// Who looked at a subject, oldest first (谁查过我).
  ///
  /// - Parameters:
  ///   - text: an identifier of the subject.
  ///   - kind: its kind; `nil` = by its form.
  /// - Throws: `AccessRefusal`; `CreditError`: `logTampered`, `damaged`.
  public func accesses(to text: String, kind: IdentifierKind? = nil) throws -> [AccessLogEntry] {
    let subject = identifier(text, kind: kind)
    return try perform(.audit, about: [subject]) { reading, facts in
      var found = try reading.platform.accesses(to: subject, among: reading.ownSubjects).filter {
        reading.reaches($0.unit)
      }
      if reading.roles.allSatisfy({ $0.audience == .subject }) {
        // The unit answers for it, not the person at the desk.
        for place in found.indices { (found[place].account, found[place].terminal) = (nil, nil) }
      }
      facts.rows = found.count
      return found
    }
  }

  /// How the platform is used, by month, portal, unit and action (应用成效统计).
  ///
  /// - Parameters:
  ///   - first: the first month; `nil` = from the beginning.
  ///   - last: the last month; `nil` = up to now.
  /// - Throws: `AccessRefusal`; `CreditError`: `logTampered`, `damaged`.
  public func use(from first: Month? = nil, through last: Month? = nil) throws -> [AccessUse] {
    try perform(.audit) { all, facts in
      let reading = try all.withoutSubject()
      let found = try reading.platform.use(from: first, through: last).filter { reading.reaches($0.unit) }
      facts.rows = found.count
      return found
    }
  }
}
