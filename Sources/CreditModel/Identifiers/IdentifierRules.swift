// Owns the rules of each kind of identifier over normalised bytes.
// Invariants: never traps on any bytes; a kind's rules read at most its own length; severities as published.
// Does not choose the kind (IdentifierDetection) and does not build texts.

/// The rules of each kind: which reasons a normalised identifier gives.
package enum IdentifierRules {
  /// Pairs of registration authority and body category of GB 32100-2015, one character each.
  private static let authorityPairs: Set<UInt16> = {
    let table = [
      "1": "1239", "2": "19", "3": "123459", "4": "19", "5": "1239", "6": "129", "7": "129", "8": "19",
      "9": "1239", "A": "19", "N": "1239", "Y": "1",
    ]
    var pairs: Set<UInt16> = []
    for (authority, categories) in table {
      for byte in authority.utf8 {
        for category in categories.utf8 { pairs.insert(UInt16(byte) << 8 | UInt16(category)) }
      }
    }
    return pairs
  }()

  package static func isKnownAuthority(_ first: UInt8, _ second: UInt8) -> Bool {
    authorityPairs.contains(UInt16(first) << 8 | UInt16(second))
  }

  /// Reasons every kind shares: nothing there, masked, a stand-in, damaged by a spreadsheet.
  package static func common(_ bytes: IdentifierBytes) -> IdentifierReasons {
    guard bytes.count > 0 else { return .empty }
    guard bytes.count <= IdentifierBytes.capacity else { return [] }
    var zeros = 0
    var digits = 0
    var odd = false
    for index in 0..<bytes.count {
      let byte = bytes[index]
      if byte == 0x30 { zeros &+= 1 }
      if byte &- 0x30 <= 9 { digits &+= 1 }
      if byte == 0x2A || byte == 0x45 { odd = true }
    }
    var reasons: IdentifierReasons = []
    if odd {
      for index in 0..<bytes.count {
        if bytes[index] == 0x2A { reasons.insert(.masked) }
        // digits, at most one point, `E+`: what a spreadsheet makes of a long number
        let isExponent =
          bytes[index] == 0x45 && (bytes.count - 4..<bytes.count - 1).contains(index) && bytes[0] &- 0x30 <= 9
        let hasPoint = bytes.count > 2 && bytes[1] == 0x2E
        if isExponent, hasPoint || bytes[index + 1] == 0x2B, bytes.count - digits <= 3 {
          reasons.insert(.damagedNumber)
        }
      }
    }
    if zeros >= max(1, bytes.count - 1), zeros == bytes.count || bytes[bytes.count - 1] == 0x58 {
      reasons.insert(.placeholder)
    }
    return reasons
  }

  /// Unified social credit code, GB 32100-2015.
  package static func unifiedSocialCreditCode(_ bytes: IdentifierBytes) -> IdentifierReasons {
    guard bytes.count == 18 else { return .length }
    guard let remainder = CheckCharacters.creditRemainder(bytes),
      CheckCharacters.creditValues[Int(bytes[17])] >= 0
    else { return .alphabet }
    var reasons: IdentifierReasons = []
    let given = Int(CheckCharacters.creditValues[Int(bytes[17])])
    if given != (31 - remainder) % 31 {
      reasons.insert(given == remainder ? .checkCharacterComplement : .checkCharacter)
    }
    if bytes.digits(2..<8) {
      if !isKnownDivision(bytes.number(2..<8)) { reasons.insert(.unknownDivision) }
    } else {
      reasons.insert(.form)
    }
    if !isKnownAuthority(bytes[0], bytes[1]) { reasons.insert(.unknownAuthority) }
    if CheckCharacters.organization(bytes, from: 8) != bytes[16] { reasons.insert(.embeddedOrganizationCode) }
    return reasons
  }

  /// Citizen identity number: 18 places by GB 11643-1999, or the 15 digits used before.
  package static func citizenIdentityNumber(
    _ bytes: IdentifierBytes, on today: Day
  ) -> IdentifierReasons {
    switch bytes.count {
    case 18:
      guard bytes.digits(0..<17), bytes.digits(17..<18) || bytes[17] == 0x58 else { return .form }
      var reasons = birthDate(
        year: bytes.number(6..<10), month: bytes.number(10..<12), day: bytes.number(12..<14), on: today)
      if CheckCharacters.citizen(bytes) != bytes[17] { reasons.insert(.checkCharacter) }
      reasons.formUnion(residence(bytes.number(0..<6), birthYear: bytes.number(6..<10)))
      return reasons
    case 15:
      guard bytes.digits(0..<15) else { return .form }
      var reasons = birthDate(
        year: 1900 + bytes.number(6..<8), month: bytes.number(8..<10), day: bytes.number(10..<12),
        on: today)
      reasons.formUnion(residence(bytes.number(0..<6), birthYear: 1900 + bytes.number(6..<8)))
      reasons.insert(.unverifiable)
      return reasons
    default: return .length
    }
  }

  /// Organisation code, GB 11714-1997.
  package static func organizationCode(_ bytes: IdentifierBytes) -> IdentifierReasons {
    guard bytes.count == 9 else { return .length }
    guard let check = CheckCharacters.organization(bytes, from: 0),
      bytes.digits(8..<9) || bytes[8] == 0x58
    else { return .form }
    var reasons: IdentifierReasons = check == bytes[8] ? [] : .checkCharacter
    if bytes[0] == 0x50, bytes[1] == 0x44, bytes[2] == 0x59, bytes.digits(3..<8) { reasons.insert(.reserved) }
    return reasons
  }

  /// Business registration number: 15 digits by GS 15-2006, or 13 older digits.
  package static func businessRegistrationNumber(_ bytes: IdentifierBytes) -> IdentifierReasons {
    switch bytes.count {
    case 15:
      guard bytes.digits(0..<15) else { return .form }
      var reasons: IdentifierReasons =
        CheckCharacters.registration(bytes) == bytes[14] ? [] : .checkCharacter
      if !isKnownDivision(bytes.number(0..<6)) { reasons.insert(.unknownDivision) }
      return reasons
    case 13:
      guard bytes.digits(0..<13) else { return .form }
      return isKnownDivision(bytes.number(0..<6)) ? .unverifiable : [.unverifiable, .unknownDivision]
    default: return .length
    }
  }

  /// Taxpayer number: 15 (division and organisation code), 17 and 20 (form only), 18 (credit code, identity
  /// number, or the letter form of foreigners).
  package static func taxpayerNumber(_ bytes: IdentifierBytes, on today: Day) -> IdentifierReasons {
    guard bytes.count <= 20 else { return .length }
    for index in 0..<bytes.count where bytes[index] &- 0x30 > 9 && bytes[index] &- 0x41 > 25 { return .form }
    switch bytes.count {
    case 15:
      guard bytes.digits(0..<6) else { return .form }
      var reasons: IdentifierReasons = isKnownDivision(bytes.number(0..<6)) ? [] : .unknownDivision
      if CheckCharacters.organization(bytes, from: 6) != bytes[14] {
        reasons.insert(.embeddedOrganizationCode)
      }
      return reasons
    case 17, 20: return .unverifiable
    case 18:
      if isForeignersTaxNumber(bytes) { return .unverifiable }
      let credit = unifiedSocialCreditCode(bytes)
      guard credit.hasError else { return credit }
      let citizen = citizenIdentityNumber(bytes, on: today)
      return citizen.hasError ? credit : citizen
    default: return .length
    }
  }

  /// Letter form of taxpayers from abroad: area letter, year, country or region, serial, check.
  package static func isForeignersTaxNumber(_ bytes: IdentifierBytes) -> Bool {
    bytes.count == 18 && bytes[0] &- 0x41 <= 25 && bytes.digits(1..<17)
      && (1900...2099).contains(bytes.number(1..<5))
  }

  /// Whether a division may stand in a body's number; 100000 is the national authority.
  private static func isKnownDivision(_ code: Int) -> Bool {
    code == 100_000 || DivisionTable.standard.contains(code)
  }

  /// What the division of a person's number gives reason to say.
  ///
  /// 810000 to 830000 are residence permits of Hong Kong, Macao and Taiwan. Foreigners' cards start with 9, then two
  /// digits of the province that issued them, then a country.
  private static func residence(_ code: Int, birthYear: Int) -> IdentifierReasons {
    if code == 810_000 || code == 820_000 || code == 830_000 { return [] }
    if code / 100_000 == 9 {
      return DivisionTable.standard.contains(code / 1000 % 100 * 10_000) ? [] : .unknownDivision
    }
    guard let years = DivisionTable.standard.years(of: code) else { return .unknownDivision }
    // The table begins in 1980: what it has from then on may be older.
    let first = years.lowerBound <= 1980 ? 0 : years.lowerBound
    return birthYear < first || birthYear > years.upperBound ? .divisionNotInForce : []
  }

  private static func birthDate(year: Int, month: Int, day: Int, on today: Day) -> IdentifierReasons {
    guard year >= 1800, let birth = Day(year: year, month: month, day: day) else {
      return .impossibleBirthDate
    }
    return birth > today ? .futureBirthDate : []
  }
}
