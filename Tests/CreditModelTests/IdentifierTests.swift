// Goal: identifiers are judged as the standards and other projects' own test suites judge them.
// Method: published examples, and the vectors of real material with the verdicts that stand in it.

import CreditModel
import Foundation
import TestSupport
import Testing

@Suite struct IdentifierTests {
  private static let today = Day("2026-11-23") ?? .epoch

  private func check(_ text: String, _ kind: IdentifierKind? = nil) -> IdentifierVerdict {
    Identifier.check(text, as: kind, on: Self.today)
  }

  @Test(arguments: [
    "91110000600037341L", "91320100748204660Q", "91310000132215150M", "9133021272513935X8",
    "1133022500296433XT",
    "91330282L07196379D", "11320100MB1886843H", "914403001922038216", "91130302MA0000015N",
    "92130303MA0000023W",
    "93130321MA0000031N", "11130300000000019B", "51130306MJ0000018E", "81130324MC0000012E",
    "31130000MD0000016R",
    "N2130322MF00000139", "Y1130300MB0000019J", "91100000100003962T",
  ])
  func validCreditCodes(code: String) throws {
    let verdict = check(code)
    #expect(verdict.isValid, "\(verdict)")
    #expect(verdict.kind == .unifiedSocialCreditCode)
    #expect(verdict.warnings.filter { $0 != .unknownDivision }.isEmpty, "\(verdict)")
    #expect(try UnifiedSocialCreditCode(code).text == code)
  }

  @Test func failingCreditCodesGiveTheirReasons() {
    #expect(check("00000000000000000X").errors.contains(.placeholder))
    #expect(check("91320281137692538X", .unifiedSocialCreditCode).errors == [.checkCharacter])
    #expect(check("914201007171752128", .unifiedSocialCreditCode).isValid)
    #expect(
      check("914201007171752128", .unifiedSocialCreditCode).warnings.contains(.embeddedOrganizationCode))
    #expect(check("914300007024418691", .unifiedSocialCreditCode).errors == [.checkCharacter])
    #expect(check("9111000060003IOZSV", .unifiedSocialCreditCode).errors == [.alphabet])
    #expect(check("9111000060003734", .unifiedSocialCreditCode).errors == [.length])
    #expect(
      check("99110000600037341K", .unifiedSocialCreditCode).warnings.contains(.unknownAuthority) == false)
    #expect(check("9*************341L").errors.contains(.masked))
    #expect(check("1.30302E+17").errors.contains(.damagedNumber))
    // The remainder itself as check character: sum 538 = 11 (mod 31) stands for C; right would be L.
    #expect(check("91110000600037341B", .unifiedSocialCreditCode).errors == [.checkCharacterComplement])
  }

  @Test func normalisationFoldsAndNeverGuesses() {
    #expect(check("９１１３０３０２ｍａ０００００１５ｎ").normalized == "91130302MA0000015N")
    #expect(check(" 9113-0302 MA00-00015N\u{3000}").normalized == "91130302MA0000015N")
    // O for 0 is not repaired.
    #expect(check("9113O302MA0000015N").isValid == false)
    #expect(check("京A-123 号").normalized == "京A-123号")
  }

  @Test func partsOfCodesAndNumbers() throws {
    let code = try UnifiedSocialCreditCode("91130302MA0000015N")
    #expect(code.authority == "9" && code.category == "1" && code.division == 130_302)
    #expect(code.organizationCode == "MA0000015" && code.checkCharacter == "N")
    let person = try CitizenIdentityNumber("130302900101001", on: Self.today)
    #expect(person.upgraded == "130302199001010016" && person.birthDate.description == "1990-01-01")
    #expect(person.sex == .male && person.division == 130_302)
    #expect(person.description == "130302*****1001")
    #expect(throws: IdentifierError.self) { try CitizenIdentityNumber("130302199002290013", on: Self.today) }
  }

  @Test(arguments: [
    ("11010519491231002X", true), ("440524188001010014", true), ("130302199001010016", true),
    ("130302200002290027", true), ("130302199002290013", false), ("11010519491231001X", false),
    ("130302299901010016", false), ("320311770706001", true), ("360198910283844", false),
  ])
  func citizenNumbers(number: String, isValid: Bool) {
    #expect(
      check(number, .citizenIdentityNumber).isValid == isValid, "\(check(number, .citizenIdentityNumber))")
  }

  @Test func birthDatesAreJudgedOnTheDay() {
    let number = "130302200002290027"
    #expect(Identifier.check(number, as: .citizenIdentityNumber, on: Day("2000-02-29") ?? .epoch).isValid)
    #expect(
      Identifier.check(number, as: .citizenIdentityNumber, on: Day("2000-02-28") ?? .epoch).errors
        == [.futureBirthDate])
  }

  @Test(arguments: [
    "330203000030639", "330200400070010", "330200600002522", "110000000343473", "130300600000016",
  ])
  func registrationNumbers(number: String) {
    #expect(check(number).kind == .businessRegistrationNumber && check(number).isValid)
    #expect(
      check("9.11303E+17").errors == [.damagedNumber] && check("9.113030210012E17").errors == [.damagedNumber]
    )
    let wrong = String(number.dropLast()) + (number.hasSuffix("1") ? "2" : "1")
    #expect(!check(wrong, .businessRegistrationNumber).isValid)
    #expect(check("3209231100626").isValid && check("3209231100626").warnings.contains(.unverifiable))
  }

  @Test func organisationCodesAndTaxNumbers() {
    #expect(check("600037341").kind == .organizationCode && check("600037341").isValid)
    #expect(check("71526726-X").normalized == "71526726X" && check("71526726-X").isValid)
    #expect(check("D2143569X").isValid)
    #expect(check("600037342", .organizationCode).errors == [.checkCharacter])
    #expect(check("PDY000019", .organizationCode).errors.contains(.reserved))
    #expect(check("110000600037341", .taxpayerNumber).isValid)
    #expect(check("91130302MA0000015N", .taxpayerNumber).kind == .unifiedSocialCreditCode)
    #expect(check("H20201560000001234").kind == .taxpayerNumber)
    #expect(!check("12", .taxpayerNumber).isValid)
  }

  @Test func divisionsAreKnownByYear() {
    #expect(DivisionTable.standard.contains(130_302))
    #expect(DivisionTable.standard.years(of: 130_306)?.lowerBound ?? 0 >= 2015)
    #expect(DivisionTable.standard.years(of: 130_323).map { $0.upperBound < 2020 } == true)
    #expect(DivisionTable.standard.years(of: 999_999) == nil)
    #expect(!DivisionTable.standard.contains(-1) && !DivisionTable.standard.contains(1_000_000))
  }

  /// Rows of the material whose only fault is the division: valid here, with a warning.
  private static let onlyDivision: Set<String> = [
    "990426199112010074", "110111198012010078", "110201199312010077",
  ]

  @Test func vectorsOfOtherProjects() throws {
    guard let folder = RealData.path("validator-vectors", for: "identifier vectors") else { return }
    for (file, kind) in [
      ("uscc_vectors.give.tsv", IdentifierKind.unifiedSocialCreditCode),
      ("resident_id_vectors.give.tsv", .citizenIdentityNumber),
    ] {
      let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
      var compared = 0
      for line in text.split(whereSeparator: \.isNewline).dropFirst() {
        let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        guard cells[1] == "valid" || cells[1] == "invalid" else { continue }
        compared += 1
        for forced in [kind, nil] {
          let verdict = check(cells[0], forced)
          if Self.onlyDivision.contains(cells[0]) {
            #expect(verdict.isValid, "\(cells[0])")
            #expect(
              verdict.warnings.contains { [.unknownDivision, .divisionNotInForce].contains($0) },
              "\(cells[0])")
          } else {
            #expect(
              verdict.isValid == (cells[1] == "valid"), "\(cells[0]) as \(verdict.kind): \(verdict.errors)")
          }
        }
      }
      print("\(file): \(compared) verdicts compared")
      #expect(compared > 40)
    }
  }

  @Test func theSampleOfRealCodesFailsWhereAnIndependentScriptSays() throws {
    guard
      let path = RealData.path("enterprise-registration/give/codes_sample_60k.txt", for: "60,000 real codes")
    else { return }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline)
    let failing = lines.indices.filter { !check(String(lines[$0]), .unifiedSocialCreditCode).isValid }.map {
      $0 + 1
    }
    // Tests/Oracles/codes.py, from the standard alone, names these lines.
    #expect(failing == [688, 5905])
    let detected = lines.count { check(String($0)).kind == .unifiedSocialCreditCode }
    #expect(detected == lines.count)
  }

  @Test func checkingNeverTraps() {
    var random = SeededGenerator(seed: 5)
    for _ in 0..<50_000 {
      let length = Int.random(in: 0..<24, using: &random)
      let bytes = (0..<length).map { _ in
        Bool.random(using: &random)
          ? UInt8.random(in: 0x30...0x5A, using: &random) : UInt8.random(in: 0...255, using: &random)
      }
      let verdict = check(String(decoding: bytes, as: UTF8.self))
      #expect(verdict.isValid == verdict.errors.isEmpty)
    }
    #expect(check(String(repeating: "9", count: 100_000)).errors.contains(.tooLong))
  }
}
