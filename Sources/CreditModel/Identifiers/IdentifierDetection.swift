// Owns the choice of a kind for a text of unknown kind, and the assessment that collection uses for every row.
// Invariants: detection looks at form first and at check characters only to settle a tie; it is total.
// Does not change the text beyond normalisation.

/// Kind and reasons of one identifier, without any text: cheap enough for every row of a file.
package struct IdentifierAssessment: Sendable {
  package var kind: IdentifierKind
  package var reasons: IdentifierReasons
}

package enum IdentifierDetection {
  /// The commonest case in one pass: 18 plain capitals and digits that make a valid credit code starting with 9.
  ///
  /// - Returns: the body of the subject key, or `nil` where the general way must decide.
  package static func plainCreditCode(_ text: UnsafeRawBufferPointer) -> UInt128? {
    guard text.count == 18, text[0] == 0x39 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    var sum = 0
    var weight = 1
    var letters = 0
    for index in 0..<18 {
      let byte = text[index]
      let value = CheckCharacters.creditValue(byte)
      guard value >= 0 else { return nil }
      if index < 17 {
        sum &+= Int(value) &* weight
        weight = weight &* 3
        if weight > 30 { weight &-= weight > 61 ? 62 : 31 }
        if byte > 0x39 { letters &+= 1 }
      } else {
        guard Int(value) == (31 &- sum % 31) % 31 else { return nil }
      }
      let symbol = UInt64(byte > 0x39 ? byte &- 0x36 : byte &- 0x2F)
      if index < 10 { high = high << 6 | symbol } else { low = low << 6 | symbol }
    }
    // Without a letter in the first 17 places the number could be a foreigner's residence card.
    guard letters > 0, text[1] &- 0x31 <= 2 else { return nil }
    for index in 2..<8 where text[index] &- 0x30 > 9 { return nil }
    return (UInt128(high) << 48 | UInt128(low)) << 16
  }

  /// Checks normalised bytes under a given kind, or under the kind their form suggests.
  package static func assess(
    _ bytes: IdentifierBytes, as kind: IdentifierKind?, on today: Day
  ) -> IdentifierAssessment {
    let common = IdentifierRules.common(bytes)
    let chosen = refine(kind ?? detect(bytes, on: today), bytes, on: today)
    guard common.isEmpty else { return IdentifierAssessment(kind: chosen, reasons: common) }
    return IdentifierAssessment(kind: chosen, reasons: rules(chosen, bytes, today))
  }

  /// The kind that the form of normalised bytes suggests, which is that of ``assess(_:as:on:)``.
  package static func kind(of bytes: IdentifierBytes, on today: Day) -> IdentifierKind {
    refine(detect(bytes, on: today), bytes, on: today)
  }

  /// Since the merged licence a body's taxpayer number is its credit code, and a person's is the identity number.
  private static func refine(
    _ kind: IdentifierKind, _ bytes: IdentifierBytes, on today: Day
  ) -> IdentifierKind {
    guard kind == .taxpayerNumber, bytes.count == 18 else { return kind }
    if !IdentifierRules.unifiedSocialCreditCode(bytes).hasError { return .unifiedSocialCreditCode }
    return IdentifierRules.citizenIdentityNumber(bytes, on: today).hasError
      ? .taxpayerNumber : .citizenIdentityNumber
  }

  private static func rules(
    _ kind: IdentifierKind, _ bytes: IdentifierBytes, _ today: Day
  ) -> IdentifierReasons {
    switch kind {
    case .unifiedSocialCreditCode: IdentifierRules.unifiedSocialCreditCode(bytes)
    case .citizenIdentityNumber: IdentifierRules.citizenIdentityNumber(bytes, on: today)
    case .organizationCode: IdentifierRules.organizationCode(bytes)
    case .businessRegistrationNumber: IdentifierRules.businessRegistrationNumber(bytes)
    case .taxpayerNumber: IdentifierRules.taxpayerNumber(bytes, on: today)
    case .document: []
    case .unknown: .form
    }
  }

  /// The kind a text has by its form, in the order of the contract.
  private static func detect(_ bytes: IdentifierBytes, on today: Day) -> IdentifierKind {
    guard !bytes.hasOtherCharacters, bytes.count <= 20 else { return .unknown }
    for index in 0..<bytes.count where bytes[index] &- 0x30 > 9 && bytes[index] &- 0x41 > 25 {
      return .unknown
    }
    switch bytes.count {
    case 18: return eighteen(bytes, on: today)
    case 15: return fifteen(bytes, on: today)
    case 9: return nine(bytes)
    case 13 where bytes.digits(0..<13): return .businessRegistrationNumber
    case 17, 20: return .taxpayerNumber
    default: return .unknown
    }
  }

  /// Credit code, identity number or taxpayer number of a foreigner.
  ///
  /// Some real credit codes are formally valid identity numbers too. An identity number never starts with 9
  /// unless it is a residence card; elsewhere a number that passes both checks with a real birth date is far
  /// more likely a person's, since only one credit code in a thousand shows a birth date by chance.
  private static func eighteen(_ bytes: IdentifierBytes, on today: Day) -> IdentifierKind {
    guard bytes.digits(0..<17) else {
      let isLetterForm = IdentifierRules.isForeignersTaxNumber(bytes)
      let isKnown = IdentifierRules.isKnownAuthority(bytes[0], bytes[1])
      return isLetterForm && !isKnown ? .taxpayerNumber : .unifiedSocialCreditCode
    }
    guard bytes.digits(17..<18) || bytes[17] == 0x58 else { return .unifiedSocialCreditCode }
    let credit = IdentifierRules.unifiedSocialCreditCode(bytes)
    let citizen = IdentifierRules.citizenIdentityNumber(bytes, on: today)
    let isCredit = !credit.hasError && !credit.contains(.unknownAuthority)
    switch (isCredit, !citizen.hasError) {
    case (true, false): return .unifiedSocialCreditCode
    case (false, true): return .citizenIdentityNumber
    case (true, true): return bytes[0] == 0x39 ? .unifiedSocialCreditCode : .citizenIdentityNumber
    case (false, false):
      if !credit.hasError { return .unifiedSocialCreditCode }
      let hasBirthDate = citizen.isDisjoint(with: [.impossibleBirthDate, .futureBirthDate])
      return hasBirthDate && bytes[0] != 0x39 ? .citizenIdentityNumber : .unifiedSocialCreditCode
    }
  }

  /// Old identity number, business registration number or old taxpayer number.
  private static func fifteen(_ bytes: IdentifierBytes, on today: Day) -> IdentifierKind {
    guard bytes.digits(0..<15) else {
      return bytes.digits(0..<6) ? .taxpayerNumber : .unknown
    }
    // The order of the contract: one registration number in thirty shows a birth date, one old identity number in ten
    // passes the check of a registration number, and taking a person for a company is the worse mistake.
    let citizen = IdentifierRules.citizenIdentityNumber(bytes, on: today)
    if !citizen.hasError, !citizen.contains(.unknownDivision) { return .citizenIdentityNumber }
    if !IdentifierRules.businessRegistrationNumber(bytes).hasError { return .businessRegistrationNumber }
    if !citizen.hasError { return .citizenIdentityNumber }
    if CheckCharacters.organization(bytes, from: 6) == bytes[14] { return .taxpayerNumber }
    return .businessRegistrationNumber
  }

  /// Organisation code, unless it fails its check and reads like a passport or travel permit.
  private static func nine(_ bytes: IdentifierBytes) -> IdentifierKind {
    if !IdentifierRules.organizationCode(bytes).hasError { return .organizationCode }
    let letters = bytes.digits(1..<9) ? 1 : bytes.digits(2..<9) ? 2 : 0
    let startsWithLetter = bytes[0] &- 0x41 <= 25
    return letters > 0 && startsWithLetter && !bytes.digits(letters - 1..<letters)
      ? .unknown : .organizationCode
  }
}
