// Owns the typed views of valid identifiers: their parts, ready to use.
// Invariants: a value of these types passed its check; parts are computed, never stored twice.
// Does not accept failing identifiers: use Identifier for those.

/// A valid unified social credit code (统一社会信用代码, GB 32100-2015).
///
/// ```swift
/// let code = try UnifiedSocialCreditCode("91130302MA0000015N")
/// code.division           // 130302
/// code.organizationCode   // "MA0000015"
/// ```
public struct UnifiedSocialCreditCode: Hashable, Sendable, CustomStringConvertible {
  /// The 18 characters, normalised.
  public let text: String

  /// Checks and takes a code.
  /// - Throws: `IdentifierError` with the verdict when the code is not valid.
  public init(_ text: String) throws(IdentifierError) {
    // The day only matters for birth dates, which a credit code does not carry.
    let verdict = Identifier.check(text, as: .unifiedSocialCreditCode, on: Day.epoch)
    guard verdict.isValid else { throw IdentifierError(verdict: verdict) }
    self.text = verdict.normalized
  }

  private func part(_ from: Int, _ count: Int) -> Substring { text.dropFirst(from).prefix(count) }
  /// Registration authority (登记管理部门代码), place 1.
  public var authority: Character { text.first ?? "0" }
  /// Body category (机构类别代码), place 2.
  public var category: Character { part(1, 1).first ?? "0" }
  /// Division of the registering authority (登记管理机关行政区划码), places 3 to 8, as a number.
  public var division: Int { Int(part(2, 6)) ?? 0 }
  /// Organisation code (主体标识码), places 9 to 17: the join key to records from before 2015.
  public var organizationCode: String { String(part(8, 9)) }
  /// Check character (校验码), place 18.
  public var checkCharacter: Character { text.last ?? "0" }
  /// The code as an identifier.
  public var identifier: Identifier { Identifier(text, as: .unifiedSocialCreditCode) }
  /// The code itself; it is public information.
  public var description: String { text }
}

/// A valid citizen identity number (公民身份号码, GB 11643-1999), 18 places or the older 15 digits.
///
/// Printing one shows it masked; `text` gives all of it.
public struct CitizenIdentityNumber: Hashable, Sendable, CustomStringConvertible {
  /// Sex as coded in the sequence number (性别).
  public enum Sex: String, Codable, Sendable {
    /// Odd sequence number.
    case male
    /// Even sequence number.
    case female
  }

  /// The normalised number; personal information.
  public let text: String

  /// Checks and takes a number.
  /// - Parameters:
  ///   - text: 18 places or 15 digits, as people write them.
  ///   - today: birth dates after it are refused.
  /// - Throws: `IdentifierError`; its text does not show the number.
  public init(_ text: String, on today: Day) throws(IdentifierError) {
    let verdict = Identifier.check(text, as: .citizenIdentityNumber, on: today)
    guard verdict.isValid else { throw IdentifierError(verdict: verdict) }
    self.text = verdict.normalized
  }

  /// Division of first registration, as a number; meaningless on foreigners' cards, which start with 9.
  public var division: Int { Int(text.prefix(6)) ?? 0 }

  /// The 18-place form: of 15 digits the century 19 and the check character are added, as issuing offices did.
  public var upgraded: String {
    guard text.count == 15 else { return text }
    let seventeen = String(text.prefix(6)) + "19" + text.dropFirst(6)
    var padded = seventeen + "0"
    let check = padded.withUTF8 { CheckCharacters.citizen(IdentifierBytes(normalizing: $0.span)) }
    return seventeen + String(Unicode.Scalar(check))
  }

  /// Birth date (出生日期).
  public var birthDate: Day {
    let digits = upgraded.dropFirst(6).prefix(8).compactMap(\.wholeNumberValue).reduce(0) { $0 * 10 + $1 }
    return Day(year: digits / 10_000, month: digits / 100 % 100, day: digits % 100) ?? .epoch
  }

  /// Sex by the parity of the sequence number.
  public var sex: Sex {
    let last = upgraded.dropFirst(16).first?.wholeNumberValue ?? 0
    return last.isMultiple(of: 2) ? .female : .male
  }

  /// The number as an identifier.
  public var identifier: Identifier { Identifier(text, as: .citizenIdentityNumber) }
  /// The masked number, safe for logs.
  public var description: String { Mask.citizenIdentityNumber.apply(to: text) }
}
