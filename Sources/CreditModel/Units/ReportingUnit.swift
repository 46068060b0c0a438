// Owns what is known of a unit that reports, and of its accounts.
// Invariants: a unit has a valid unified social credit code; names are not empty.
// Does not know which units there are (CreditStore) or what an account may do (CreditApplications).

/// A unit that supplies or uses credit information (报送单位, 成员单位).
///
/// ```swift
/// ReportingUnit(code: "11130300000000019B", name: "市场监督管理局", parent: nil, division: "130300")
/// ```
public struct ReportingUnit: Codable, Sendable, Equatable {
  /// Its unified social credit code.
  public var code: String
  /// Its name (单位名称).
  public var name: String
  /// Code of the unit it belongs to (上级单位); `nil` at the top of the tree.
  public var parent: String?
  /// The administrative division it works for, six digits (行政区划).
  public var division: String?
  /// Code of the unit that took over its work (并入单位); `nil` while it works itself.
  public var successor: String?
  /// The first day on which this holds (变更日期); `nil` = not known.
  public var since: Day?

  /// Makes a unit.
  public init(
    code: String, name: String, parent: String? = nil, division: String? = nil, successor: String? = nil,
    since: Day? = nil
  ) {
    self.code = code
    self.name = name
    self.parent = parent
    self.division = division
    self.successor = successor
    self.since = since
  }

  /// What is wrong with it, or `nil`.
  public var problem: String? {
    // Which day it is does not matter for a credit code.
    guard Identifier.check(code, as: .unifiedSocialCreditCode, on: .epoch).isValid else {
      return "\(code) is no valid unified social credit code"
    }
    if name.allSatisfy(\.isWhitespace) || name.utf8.count > 1000 {
      return "the name of unit \(code) is empty or too long"
    }
    if parent == code || successor == code { return "unit \(code) names itself" }
    if let division, division.utf8.count != 6 || !division.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      return "the division of unit \(code) is not six digits"
    }
    return nil
  }
}

extension ReportingUnit {
  /// The code of a unit as it is stored: a credit code in capitals and without blanks; anything else as it is.
  package static func writtenCode(_ code: String) -> String {
    let verdict = Identifier.check(code, as: .unifiedSocialCreditCode, on: .epoch)
    return verdict.isValid ? verdict.normalized : code
  }

  /// The unit with its codes as they are stored.
  package var written: ReportingUnit {
    var unit = self
    unit.code = Self.writtenCode(code)
    unit.parent = parent.map(Self.writtenCode)
    unit.successor = successor.map(Self.writtenCode)
    return unit
  }
}

/// An account with which somebody of a unit works (账号).
public struct UnitAccount: Codable, Sendable, Equatable {
  /// What the account is called where one signs in.
  public var id: String
  /// Code of its unit.
  public var unit: String
  /// Whose it is, or what for.
  public var name: String?
  /// Whether it may be used.
  public var isActive: Bool

  /// Makes an account.
  public init(id: String, unit: String, name: String? = nil, isActive: Bool = true) {
    self.id = id
    self.unit = unit
    self.name = name
    self.isActive = isActive
  }

  private enum CodingKeys: String, CodingKey { case id, unit, name, isActive }

  /// Reads an account; one that does not say so is active.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(String.self, forKey: .id)
    unit = try values.decode(String.self, forKey: .unit)
    name = try values.decodeIfPresent(String.self, forKey: .name)
    isActive = try values.decodeIfPresent(Bool.self, forKey: .isActive) ?? true
  }
}
