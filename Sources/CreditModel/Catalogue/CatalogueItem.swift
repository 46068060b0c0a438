// Owns the description of one item of a catalogue entry.
// Invariants: JSON keys are the contract of docs/formats; everything but the id has a default.
// Does not validate itself: CatalogueValidation looks at the whole entry.

/// The type of an item (数据类型).
public enum ItemType: String, Codable, Sendable, CaseIterable {
  /// Free text.
  case text
  /// Short text from a small set.
  case code
  /// 64-bit integer.
  case integer
  /// Fixed-point decimal with up to 18 digits.
  case decimal
  /// Calendar day.
  case date
  /// Clock time to the second.
  case timestamp
  /// Calendar month.
  case month
  /// Truth value.
  case boolean

  /// Whether values are texts.
  public var isText: Bool { self == .text || self == .code }
}

/// Who may see an item or entry (开放属性).
public enum Openness: String, Codable, Sendable, CaseIterable {
  /// Everybody (社会公开).
  case `public`
  /// Government units (政务共享).
  case government
  /// With the subject's authorisation (授权查询).
  case authorized
}

/// How an item names the subject, in JSON one of the identifier kinds or `any`.
public enum IdentifierRequirement: String, Codable, Sendable, CaseIterable {
  /// Unified social credit code.
  case unifiedSocialCreditCode
  /// Citizen identity number.
  case citizenIdentityNumber
  /// Organisation code.
  case organizationCode
  /// Business registration number.
  case businessRegistrationNumber
  /// Taxpayer number.
  case taxpayerNumber
  /// Any other document.
  case document
  /// The form of each value decides.
  case any

  /// The kind to check under; `nil` lets the form decide.
  public var kind: IdentifierKind? { IdentifierKind(rawValue: rawValue) }
}

/// One item (数据项) of a catalogue entry.
public struct CatalogueItem: Codable, Sendable, Hashable {
  /// Stable id, unique in the entry; may not start with `$`.
  public var id: String
  /// Chinese name as it stands in headers.
  public var name: String
  /// Other spellings seen in headers.
  public var aliases: [String]
  /// Type of the values.
  public var type: ItemType
  /// Longest text in characters (Unicode scalars); `nil` means no limit but that of a record.
  public var length: Int?
  /// Digits of a decimal in all, 1 to 18.
  public var precision: Int
  /// Decimal places, 0 to `precision`.
  public var scale: Int
  /// Whether a row without a value is questionable.
  public var required: Bool
  /// Set where values are identifiers.
  public var identifier: IdentifierRequirement?
  /// The item whose value names the kind of document.
  public var identifierKindFrom: String?
  /// Who may see values; `nil` means as the entry.
  public var openness: Openness?
  /// Characters left visible at both ends where values are masked.
  public var mask: [Int]?
  /// The values a text may have (可选值); `nil` = any.
  public var options: [String]?
  /// Whether a value may name several of the options, with `;`, `；`, `、` or `,` between them; `nil` = no.
  public var allowsSeveral: Bool?
  /// What a unit should know when it fills in the item (填报说明).
  public var remarks: String?

  /// Makes an item; only the id is needed.
  public init(
    id: String, name: String? = nil, aliases: [String] = [], type: ItemType = .text, length: Int? = nil,
    precision: Int = 18, scale: Int = 0, required: Bool = false, identifier: IdentifierRequirement? = nil,
    identifierKindFrom: String? = nil, openness: Openness? = nil, mask: [Int]? = nil,
    options: [String]? = nil, allowsSeveral: Bool? = nil, remarks: String? = nil
  ) {
    self.id = id
    self.name = name ?? id
    self.aliases = aliases
    self.type = type
    self.length = length
    self.precision = precision
    self.scale = scale
    self.required = required
    self.identifier = identifier
    self.identifierKindFrom = identifierKindFrom
    self.openness = openness
    self.mask = mask
    self.options = options
    self.allowsSeveral = allowsSeveral
    self.remarks = remarks
  }

  /// Reads the JSON form; missing keys take their defaults.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    id = try container.decode(String.self, forKey: .id)
    name = try container.decodeIfPresent(String.self, forKey: .name) ?? id
    aliases = try container.decodeIfPresent([String].self, forKey: .aliases) ?? []
    type = try container.decodeIfPresent(ItemType.self, forKey: .type) ?? .text
    length = try container.decodeIfPresent(Int.self, forKey: .length)
    precision = try container.decodeIfPresent(Int.self, forKey: .precision) ?? 18
    scale = try container.decodeIfPresent(Int.self, forKey: .scale) ?? 0
    required = try container.decodeIfPresent(Bool.self, forKey: .required) ?? false
    identifier = try container.decodeIfPresent(IdentifierRequirement.self, forKey: .identifier)
    identifierKindFrom = try container.decodeIfPresent(String.self, forKey: .identifierKindFrom)
    openness = try container.decodeIfPresent(Openness.self, forKey: .openness)
    mask = try container.decodeIfPresent([Int].self, forKey: .mask)
    options = try container.decodeIfPresent([String].self, forKey: .options)
    allowsSeveral = try container.decodeIfPresent(Bool.self, forKey: .allowsSeveral)
    remarks = try container.decodeIfPresent(String.self, forKey: .remarks)
  }

  /// How the item's values are stored as numbers.
  package var storedForm: StoredForm { StoredForm(type: type, scale: scale) }

  /// Gives the value for a stored number of this item's type.
  package func value(stored number: Int64) -> Value { storedForm.value(number) }

  /// Reads a value from text as a cell would be read.
  ///
  /// - Returns: the value, or `nil` for an absent one.
  /// - Throws: `ItemError` when the text does not convert or is too long.
  public func value(reading text: String) throws(ItemError) -> Value? {
    var text = text
    let outcome = text.withUTF8 { CellReader.read($0.span, as: self) }
    switch outcome {
    case .absent: return nil
    case .unconvertible: throw ItemError(item: id, message: "the value is not a \(type.rawValue)")
    case .number(let number):
      guard fits(number) else { throw ItemError(item: id, message: "more than \(precision) digits") }
      return value(stored: number)
    case .text(let range):
      let value = String(decoding: Array(text.utf8)[range], as: UTF8.self)
      if let length, value.unicodeScalars.count > length {
        throw ItemError(item: id, message: "longer than \(length) characters")
      }
      return .text(value)
    }
  }

  /// Whether a stored number has no more digits than the item's precision.
  package func fits(_ number: Int64) -> Bool {
    guard type == .decimal, precision < 18 else { return true }
    var limit: UInt64 = 1
    for _ in 0..<max(0, precision) { limit *= 10 }
    return number.magnitude < limit
  }
}

/// A value that does not fit its item.
public struct ItemError: Error, Sendable, CustomStringConvertible {
  /// The item at fault.
  public let item: String
  /// What is wrong; never repeats the value.
  public let message: String
  /// Item and message.
  public var description: String { "\(item): \(message)" }
}

extension CatalogueItem {
  /// Of two items that stand for the same, the one that shows less: a mask protects only what is not open, and the shorter its visible ends the more.
  package static func stricter(_ left: CatalogueItem, _ right: CatalogueItem) -> CatalogueItem {
    func visibleCharacters(_ item: CatalogueItem) -> Int {
      guard item.openness == .authorized, let mask = item.mask else { return .max }
      return mask.reduce(0) { $0 + max(0, min($1, 1 << 20)) }
    }
    return visibleCharacters(right) < visibleCharacters(left) ? right : left
  }
}
