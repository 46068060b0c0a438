// Owns what a subject commits itself to: the content of the letter, with the words of the field standard.
// Invariants: the letter never changes; what becomes of it is the commitment's (Commitment).
// Does not decide who may accept it.

import CreditModel

/// What a subject commits itself to (信用承诺书).
///
/// ```json
/// {"id":"13030220260520000001","subject":{"kind":"unifiedSocialCreditCode","text":"91130302MA0000015N"},"name":"某公司","kind":"missingMaterial",
///  "matter":"食品经营许可","content":"三十日内补交场所证明","liability":"撤销许可","acceptanceUnit":"11130300000000019B","performBy":"2026-06-20",
///  "document":{"title":"承诺书","sha256":"…"}}
/// ```
public struct CommitmentLetter: Codable, Sendable, Equatable {
  /// The kinds (承诺类型).
  public enum Kind: String, Codable, Sendable, CaseIterable {
    /// 审批替代型.
    case approval
    /// 容缺受理型.
    case missingMaterial
    /// 证明事项型.
    case certificate
    /// 信用修复型.
    case creditRepair
    /// 行业自律型.
    case selfDiscipline
    /// 主动型.
    case voluntary
    /// 其他.
    case other

    /// Its number in records.
    var number: String {
      switch self {
      case .approval: "1"
      case .missingMaterial: "2"
      case .certificate: "3"
      case .creditRepair: "4"
      case .selfDiscipline: "5"
      case .voluntary: "6"
      case .other: "0"
      }
    }

    /// Whether it stands for a permit, a material or a proof: not to be had by somebody who broke one and has not made good for it.
    var isInPlaceOfProof: Bool { self == .approval || self == .missingMaterial || self == .certificate }
  }

  /// Who may see it (公开类型).
  public enum Publication: String, Codable, Sendable, CaseIterable {
    /// 可向社会公开.
    case everybody
    /// 特定范围内公开.
    case limited
    /// 不可公开.
    case nobody

    /// Its number in records.
    var number: String {
      switch self {
      case .everybody: "1"
      case .limited: "2"
      case .nobody: "3"
      }
    }
  }

  /// Number of the commitment (承诺编码): the division of the accepting place, the day, six digits.
  public var id: String
  /// Who commits itself.
  public var subject: Identifier
  /// Its name.
  public var name: String
  /// The kind.
  public var kind: Kind
  /// What it applied for (承诺事由).
  public var matter: String
  /// What it will do (承诺内容).
  public var content: String
  /// What follows where it does not (违诺责任).
  public var liability: String
  /// The last day for doing it; `nil` = as long as the commitment holds.
  public var performBy: Day?
  /// The last day on which the commitment holds (承诺有效期); `nil` = until further notice.
  public var validUntil: Day?
  /// Credit code of the unit that accepts it; `nil` = the caller's.
  public var acceptanceUnit: String?
  /// Who may see it.
  public var publication: Publication
  /// The document.
  public var document: CaseMaterial
  /// The application for repair that rests on it.
  public var repairCase: String?

  /// Makes a letter; see the properties.
  public init(
    id: String, subject: Identifier, name: String, kind: Kind, matter: String, content: String,
    liability: String, performBy: Day? = nil, validUntil: Day? = nil, acceptanceUnit: String? = nil,
    publication: Publication = .limited, document: CaseMaterial, repairCase: String? = nil
  ) {
    self.id = id
    self.subject = subject
    self.name = name
    self.kind = kind
    self.matter = matter
    self.content = content
    self.liability = liability
    self.performBy = performBy
    self.validUntil = validUntil
    self.acceptanceUnit = acceptanceUnit
    self.publication = publication
    self.document = document
    self.repairCase = repairCase
  }

  /// Reads the JSON form; `performBy`, `validUntil`, `acceptanceUnit`, `publication` (then `limited`) and `repairCase` may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decode(String.self, forKey: .id)
    subject = try container.decode(Identifier.self, forKey: .subject)
    name = try container.decode(String.self, forKey: .name)
    kind = try container.decode(Kind.self, forKey: .kind)
    matter = try container.decode(String.self, forKey: .matter)
    content = try container.decode(String.self, forKey: .content)
    liability = try container.decode(String.self, forKey: .liability)
    performBy = try container.decodeIfPresent(Day.self, forKey: .performBy)
    validUntil = try container.decodeIfPresent(Day.self, forKey: .validUntil)
    acceptanceUnit = try container.decodeIfPresent(String.self, forKey: .acceptanceUnit)
    publication = try container.decodeIfPresent(Publication.self, forKey: .publication) ?? .limited
    document = try container.decode(CaseMaterial.self, forKey: .document)
    repairCase = try container.decodeIfPresent(String.self, forKey: .repairCase)
  }

  /// The same with its subject's number as it is written in records: else it would not be found with them.
  var normalized: CommitmentLetter {
    var letter = self
    letter.subject = Identifier(subject.text, as: subject.kind)
    return letter
  }

  /// What is wrong with it on the day it is made, or `nil`.
  func problem(on day: Day) -> String? {
    guard (1...20).contains(id.utf8.count), id.utf8.allSatisfy({ $0 &- 0x30 <= 9 || $0 &- 0x41 <= 25 }) else {
      return "a commitment's number has 1 to 20 digits and capital letters"
    }
    for (text, word) in [
      (name, "name"), (matter, "matter"), (content, "content"), (liability, "liability"),
    ] where text.allSatisfy(\.isWhitespace) {
      return "commitment \(id) has no \(word)"
    }
    if !document.isSound { return "commitment \(id) needs its document, with title and SHA-256" }
    if let performBy, performBy < day { return "commitment \(id) had to be kept before it is made" }
    if let validUntil, validUntil < day { return "commitment \(id) ends before it is made" }
    if (kind == .creditRepair) != (repairCase != nil) {
      return "a commitment for repair, and no other, names the application that rests on it"
    }
    return nil
  }
}
