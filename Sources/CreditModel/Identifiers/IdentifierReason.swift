// Owns the reasons an identifier check can give, and their severity.
// Invariants: a reason is either an error or a warning, never both; names are stable words of the JSON output.
// Does not hold texts for people; `explanation` is the only prose.

/// One reason found while checking an identifier (校验原因).
///
/// A check gives a verdict with reasons instead of a bare Boolean, because real, legal codes fail some checks
/// (codes of the Xiamen pilot, for example) and the policy belongs to the caller.
public enum IdentifierReason: String, Codable, Sendable, CaseIterable {
  /// Nothing is left after normalisation.
  case empty
  /// The number of characters fits no form of the kind.
  case length
  /// The characters stand in a shape the kind does not have.
  case form
  /// A character outside the kind's alphabet (I, O, S, V, Z in a unified social credit code).
  case alphabet
  /// The check character is wrong.
  case checkCharacter
  /// The check character is the sum modulo 31 without the final subtraction: a known fault of some issuers.
  case checkCharacterComplement
  /// The birth date does not exist, or lies before 1800.
  case impossibleBirthDate
  /// The birth date lies after the day of the check.
  case futureBirthDate
  /// A stand-in such as `00000000000000000X` that names nobody.
  case placeholder
  /// Characters were replaced by asterisks.
  case masked
  /// A number that a spreadsheet turned into scientific notation (`1.30302E+17`).
  case damagedNumber
  /// A number reserved for the private use of systems (`PDY00001` and following).
  case reserved
  /// The text is longer than 256 bytes.
  case tooLong
  /// Warning: the organisation code inside (places 9 to 17) fails its own check.
  case embeddedOrganizationCode
  /// Warning: the registration authority and body category are not in the published table.
  case unknownAuthority
  /// Warning: the administrative division is in no edition of GB/T 2260.
  case unknownDivision
  /// Warning: the administrative division was not in force in the year of birth.
  case divisionNotInForce
  /// Warning: an older form without a check character; nothing speaks against it, nothing confirms it.
  case unverifiable

  /// Whether this reason makes the identifier invalid.
  public var isError: Bool {
    switch self {
    case .embeddedOrganizationCode, .unknownAuthority, .unknownDivision, .divisionNotInForce, .unverifiable:
      false
    default: true
    }
  }

  /// A sentence for people that says what is wrong; it never repeats the identifier.
  public var explanation: String {
    switch self {
    case .empty: "the identifier is empty"
    case .length: "the number of characters does not fit"
    case .form: "the characters do not have the form of such a number"
    case .alphabet: "a character outside the alphabet; I, O, S, V and Z never occur in a credit code"
    case .checkCharacter: "the check character is wrong"
    case .checkCharacterComplement:
      "the check character is the complement of the right one (a known fault of some issuers)"
    case .impossibleBirthDate: "the birth date does not exist"
    case .futureBirthDate: "the birth date lies in the future"
    case .placeholder: "a placeholder that names nobody"
    case .masked: "characters are masked"
    case .damagedNumber: "the number was damaged by a spreadsheet"
    case .reserved: "a number reserved for private use"
    case .tooLong: "longer than 256 bytes"
    case .embeddedOrganizationCode: "the organisation code inside fails its own check"
    case .unknownAuthority: "unknown registration authority or body category"
    case .unknownDivision: "unknown administrative division"
    case .divisionNotInForce: "the administrative division was not in force in the year of birth"
    case .unverifiable: "an older form that has no check character"
    }
  }
}

/// A set of reasons, small enough to travel with every row of a file.
package struct IdentifierReasons: OptionSet, Sendable, Hashable {
  package let rawValue: UInt32
  @inlinable package init(rawValue: UInt32) { self.rawValue = rawValue }

  package init(_ reason: IdentifierReason) { rawValue = Self.bits[reason] ?? 0 }

  private static let bits: [IdentifierReason: UInt32] = Dictionary(
    uniqueKeysWithValues: IdentifierReason.allCases.enumerated().map { ($1, UInt32(1) << UInt32($0)) })

  package static let empty = Self(IdentifierReason.empty)
  package static let length = Self(IdentifierReason.length)
  package static let form = Self(IdentifierReason.form)
  package static let alphabet = Self(IdentifierReason.alphabet)
  package static let checkCharacter = Self(IdentifierReason.checkCharacter)
  package static let checkCharacterComplement = Self(IdentifierReason.checkCharacterComplement)
  package static let impossibleBirthDate = Self(IdentifierReason.impossibleBirthDate)
  package static let futureBirthDate = Self(IdentifierReason.futureBirthDate)
  package static let placeholder = Self(IdentifierReason.placeholder)
  package static let masked = Self(IdentifierReason.masked)
  package static let damagedNumber = Self(IdentifierReason.damagedNumber)
  package static let reserved = Self(IdentifierReason.reserved)
  package static let tooLong = Self(IdentifierReason.tooLong)
  package static let embeddedOrganizationCode = Self(IdentifierReason.embeddedOrganizationCode)
  package static let unknownAuthority = Self(IdentifierReason.unknownAuthority)
  package static let unknownDivision = Self(IdentifierReason.unknownDivision)
  package static let divisionNotInForce = Self(IdentifierReason.divisionNotInForce)
  package static let unverifiable = Self(IdentifierReason.unverifiable)

  /// All reasons that make an identifier invalid.
  package static let errors = Self(
    rawValue: IdentifierReason.allCases.filter(\.isError).reduce(0) { $0 | Self($1).rawValue })
  /// Reasons that leave no usable identifier: such a row is unlinked, not wrong.
  package static let unusable: Self = [.empty, .placeholder, .masked]

  /// Whether any error is in the set.
  package var hasError: Bool { !isDisjoint(with: .errors) }

  /// The reasons in the order of their declaration.
  package var list: [IdentifierReason] {
    // Nearly all identifiers have none, and whole files of them are checked.
    isEmpty ? [] : IdentifierReason.allCases.filter { contains(Self($0)) }
  }
}
