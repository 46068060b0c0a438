// Goal: subject keys are lossless where they promise it, sort as their texts, and agree on both ways they are made.
// Method: random identifiers of every kind there and back, and sorted lists beside sorted texts.

import CreditModel
import TestSupport
import Testing

@Suite struct SubjectKeyTests {
  private func key(_ text: String, _ kind: IdentifierKind) -> SubjectKey? {
    SubjectKey(Identifier(text, as: kind)) { _ in 0x1234_5678_9ABC_DEF0_1234_5678_9ABC_DEF0 }
  }

  @Test func structuredNumbersComeBack() throws {
    for (text, kind) in [
      ("91130302MA0000015N", IdentifierKind.unifiedSocialCreditCode),
      ("11010519491231002X", .citizenIdentityNumber),
      ("130302900101001", .citizenIdentityNumber), ("600037341", .organizationCode),
      ("330203000030639", .businessRegistrationNumber), ("3209231100626", .businessRegistrationNumber),
      ("91130302MA0000015N12", .taxpayerNumber),
    ] {
      let made = try #require(key(text, kind))
      #expect(made.text == text && made.kind == kind && !made.needsFullText)
      var copy = text
      let fast = copy.withUTF8 { SubjectKey(structured: IdentifierBytes(normalizing: $0.span), kind: kind) }
      #expect(fast == made)
    }
    #expect(key("91130302MA0000015N", .unifiedSocialCreditCode)?.division == 130_302)
  }

  @Test func theFastWayAgreesWithTheGeneralOne() {
    var random = SeededGenerator(seed: 3)
    var fast = 0
    for _ in 0..<20_000 {
      var bytes = Array("91130302MA0000015N".utf8)
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        bytes[Int.random(in: 0..<18, using: &random)] =
          Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8).randomElement(using: &random) ?? 0x30
      }
      let body = bytes.withUnsafeBytes { IdentifierDetection.plainCreditCode($0) }
      let text = String(decoding: bytes, as: UTF8.self)
      let verdict = Identifier.check(text, on: Day("2026-01-01") ?? .epoch)
      guard let body else { continue }
      fast += 1
      #expect(verdict.isValid && verdict.kind == .unifiedSocialCreditCode, "\(text)")
      #expect(key(text, .unifiedSocialCreditCode)?.rawValue == 1 << 124 | body)
    }
    #expect(fast > 100)
  }

  @Test func textsUpToFifteenBytesComeBack() throws {
    for text in ["G12345678", "护照12345", "企合苏", "A", "ABCDEFGHIJKLMNO"] {
      let made = try #require(key(text, .document))
      #expect(made.text == text && made.family == .shortText)
    }
    let long = try #require(key("企合苏总字第000123号", .unknown))
    #expect(long.family == .longText && long.text == nil && long.needsFullText)
    #expect(key("", .document) == nil)
    #expect(key(String(repeating: "长", count: 86), .document) == nil)
    #expect(key(String(repeating: "A", count: 256), .document) != nil)
  }

  @Test func keysSortAsTexts() throws {
    var random = SeededGenerator(seed: 8)
    let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY")
    let texts = (0..<2000).map { _ in
      String((0..<18).map { _ in alphabet.randomElement(using: &random) ?? "0" })
    }
    let keys = try texts.map { try #require(key($0, .unifiedSocialCreditCode)) }
    #expect(keys.sorted().map(\.text) == texts.sorted().map(Optional.some))
    let numbers = (0..<2000).map { _ in String(Int.random(in: 0...9999, using: &random)) + "X" }
    let numberKeys = try numbers.map { try #require(key($0, .taxpayerNumber)) }
    #expect(numberKeys.sorted().map(\.text) == numbers.sorted().map(Optional.some))
  }
}
