// Goal: the keys that stand for texts in a question are equal exactly when the texts are, and give the texts back; counting and numbering by
// keys agrees with sets and dictionaries.
// Method: texts of every kind that has a rule of its own, and their neighbours, in pairs; random integers in and out of order.

import CreditModel
@testable import CreditStore
@testable import SegmentStore
import Foundation
import TestSupport
import Testing

@Suite struct TextKeyTests {
  /// Texts on both sides of each limit.
  private static func texts(_ random: inout SeededGenerator) -> [String] {
    var texts = [
      "", "0", "00", "A", "a", "A0", "91130302MA0000015N", "91130302MA0000015n", "12345678901234567890",
      "123456789012345678901", "ABCDEFGHIJ1234567890", "ABCDEFGHIJ12345678901", "罚款", "罚款五百字", "罚款五百字1",
      "罚款五百字01", "罚款五百字001", "e\u{301}", "\u{e9}", "冀秦罚字〔2021〕第000001号", "冀秦罚字〔2021〕第1号",
      "冀秦罚字〔2021〕第01号", "冀秦罚字2021第000001号", "冀秦罚字〔2021〕第〔1〕号", "\u{1}\u{2}0123456789ABCDEFGH",
      "一二三四五六\u{4}七八九十1", "一二三四五六1234567890123456789号", "一二三四五六123456789012345678号",
      "一二三四五六0123456789012345678号", "一二三四五六1234567890七12345678901号", "一1二2三3四4五5六6七7",
      "一1二2三3四4五5六6七8", "一二三四五六七00000000000000000", "一二三四五六七000000000000000000",
      String(repeating: "长", count: 85) + "1", String(repeating: "长", count: 85) + "12",
      String(repeating: "9", count: 400),
    ]
    for _ in 0..<200 {
      let digits = (0..<Int.random(in: 0...24, using: &random)).map { _ in
        "\(Int.random(in: 0...9, using: &random))"
      }
      let parts = ["冀", "秦皇岛市罚决字", "A", "-", "B7", "〔", "\u{3}"].shuffled(using: &random)
      texts.append(parts[0] + digits.joined() + parts[1] + digits.prefix(5).joined() + parts[2])
    }
    return texts
  }

  @Test(arguments: [1, 2] as [UInt64])
  func keysAreEqualWhenTextsAre(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let texts = Self.texts(&random)
    let templates = TemplateNumbers()
    let (first, second) = (TextKeys(templates), TextKeys(templates))
    // The second thread meets them in another order.
    for text in texts.shuffled(using: &random) { _ = second.key(of: text) }
    var known: [UInt128: String] = [:]
    for text in texts {
      let key = first.key(of: text)
      if let other = known.updateValue(text, forKey: key) {
        #expect(Array(other.utf8) == Array(text.utf8), "\(other) and \(text) have one key")
      }
      #expect(first.key(of: text) == key)
      #expect(first.withText(key) { Array($0) } == Array(text.utf8), "\(text)")
      if TextKeys.listedNumber(key) == nil { #expect(second.key(of: text) == key, "\(text)") }
    }
    #expect(known.count == Set(texts.map { Array($0.utf8) }).count)
    let kinds = Set(known.keys.map { UInt8(truncatingIfNeeded: $0 >> 124) })
    #expect(kinds == [0, 6, 14, 15], "\(kinds)")
  }

  @Test func templatesWithNumbersHaveTheKeysOfTheirTexts() {
    var random = SeededGenerator(seed: 5)
    let keys = TextKeys(TemplateNumbers())
    var shaped = 0
    for text in Self.texts(&random) {
      let bytes = Array(text.utf8)
      var template = [UInt8](repeating: 0, count: bytes.count + 1)
      var numbers: [UInt64] = [0, 0, 0, 0]
      let split = bytes.withUnsafeBytes { raw in
        template.withUnsafeMutableBytes { target in
          target.baseAddress.flatMap { TextTemplate.split(raw, template: $0, numbers: &numbers) }
        }
      }
      guard let split, let shape = template[..<split.count].withUnsafeBytes({ keys.shape(ofTemplate: $0) })
      else {
        continue
      }
      shaped += 1
      #expect(template[..<split.count].withUnsafeBytes { TextTemplate.holes($0) } == split.holes)
      let low = zip(numbers, shape.shifts).reduce(UInt64(0)) { $0 | $1.0 << $1.1 }
      #expect(TextKeys.key(shape.high, low) == keys.key(of: text), "\(text)")
    }
    #expect(shaped > 50)
  }

  /// Templates that splitting never makes would give one text two keys.
  @Test func templatesThatSplittingNeverMakesAreRefused() {
    let bad: [[UInt8]] = [
      [2, 2], [0x31, 2], [2, 0x31], Array("第".utf8) + [4, 0x30], [1, 0x41, 1, 0x41, 1, 0x41, 1, 0x41, 1],
    ]
    for template in bad { #expect(template.withUnsafeBytes { TextTemplate.holes($0) } == nil, "\(template)") }
    let good: [[UInt8]] = [[], [0x31, 0x41], [0x31, 0x41, 2, 0x41, 0x32], [18]]
    #expect(good.map { $0.withUnsafeBytes { TextTemplate.holes($0) } } == [0, 0, 1, 1])
  }

  @Test func textsKeepTheirKeysOnceTheListOfTemplatesIsFull() {
    let templates = TemplateNumbers()
    let (first, second) = (TextKeys(templates), TextKeys(templates))
    func text(_ number: Int) -> String {
      "第甲乙丙丁\(String(repeating: "子", count: number % 40))\(Self.letters(number))号\(number)"
    }
    let keys = (0..<TemplateNumbers.limit + 500).map { first.key(of: text($0)) }
    #expect(Set(keys).count == keys.count)
    #expect(keys.count { TextKeys.listedNumber($0) != nil } > 0, "the list is not full")
    for number in keys.indices {
      #expect(first.key(of: text(number)) == keys[number])
      // What is listed here is listed there, though under numbers of its own.
      let other = second.key(of: text(number))
      #expect((TextKeys.listedNumber(other) == nil) == (TextKeys.listedNumber(keys[number]) == nil))
      #expect(TextKeys.listedNumber(other) != nil || other == keys[number])
    }
  }

  /// A number in letters, so that templates differ.
  private static func letters(_ number: Int) -> String {
    var (rest, text) = (number, "")
    repeat {
      text.append(Character(UnicodeScalar(UInt8(97 + rest % 26))))
      rest /= 26
    } while rest > 0
    return text
  }

  @Test func keysOfSubjectsAreThoseOfTheirTexts() throws {
    let keys = TextKeys(TemplateNumbers())
    for (text, kind) in [
      ("91130302MA0000015N", IdentifierKind.unifiedSocialCreditCode),
      ("11010519491231002X", .citizenIdentityNumber),
      ("MA0000015", .organizationCode), ("130300000001234", .businessRegistrationNumber), ("X-17", .document),
      ("ABC", .document),
      ("ABC", .organizationCode),
    ] {
      let key = try #require(SubjectKey(Identifier(text, as: kind), digest: { _ in 0 }))
      #expect(try keys.key(ofSubject: key.rawValue) == keys.key(of: text), "\(text) \(kind)")
    }
  }

  /// A key that stands for no text stands for none in a sound file: damage is not counted as a text.
  @Test func keysWithoutATextAreDamage() throws {
    let keys = TextKeys(TemplateNumbers())
    let long = try #require(
      SubjectKey(Identifier(String(repeating: "甲", count: 20), as: .document), digest: { _ in 7 }))
    for raw in [long.rawValue, 5, 9 << 124, UInt128.max] {
      #expect { try keys.key(ofSubject: raw) } throws: { ($0 as? StoreError)?.code == .damaged }
    }
  }

  /// Counting many rows of few texts under a small budget neither fails nor slows down.
  @Test func doublesAreTakenOutUnderASmallBudget() {
    let met = DistinctKeys()
    var largest = 0
    for round in 0..<40 {
      for key in 0..<50_000 { met.add(UInt128(key) << UInt128(round % 2 * 64)) }
      largest = max(largest, met.byteCount)
      if met.byteCount > 4 << 20 {
        met.removeDoubles()
        #expect(met.byteCount < 4 << 20, "round \(round)")
      }
    }
    #expect(DistinctKeys.count([met], threads: 2) == 99_999 && largest < 16 << 20)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func differentKeysAreCountedOnce(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var sources: [DistinctKeys] = []
    var expected: Set<UInt128> = []
    for source in 0..<3 {
      sources.append(DistinctKeys())
      for index in 0..<30_000 {
        // Few bits differ, in either half; the largest key of all among them.
        let key =
          index == 777
          ? UInt128.max : UInt128(UInt64.random(in: 0..<20_000, using: &random)) << UInt128(index % 3 * 40)
        sources[source].add(key)
        expected.insert(key)
      }
      if source == 1 { sources[source].removeDoubles() }
    }
    #expect(DistinctKeys.count(sources, threads: 1) == expected.count)
    #expect(DistinctKeys.count(sources, threads: 3) == expected.count)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func integersKeepTheirNumbersInAndOutOfOrder(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var numberings: [(IntegerNumbering<UInt128>, [UInt128: UInt32])] = []
    for index in 0..<2 {
      let numbering = IntegerNumbering<UInt128>()
      var known: [UInt128: UInt32] = [:]
      var values = (0..<5_000).map { _ in
        UInt128(UInt64.random(in: 0..<8_000, using: &random)) << UInt128(seed % 2 * 70)
      }
      // In order, in order but for the end, or not.
      switch (seed + UInt64(index)) % 3 {
      case 0: values.sort()
      case 1: values = values.sorted() + values.prefix(50)
      default: break
      }
      for value in values {
        let number = numbering.number(of: value)
        #expect(number == known[value] ?? UInt32(known.count))
        known[value] = number
      }
      numberings.append((numbering, known))
    }
    let numbers = numberings[0].0.numbers(of: numberings[1].0)
    for (value, number) in numberings[1].1 {
      #expect(numberings[0].0[Int(numbers[Int(number)])] == value)
      #expect(numberings[0].0.known(value) == numbers[Int(number)])
    }
    for (value, number) in numberings[0].1 { #expect(numberings[0].0.number(of: value) == number) }
    #expect(numberings[0].0.count == Set(numberings[0].1.keys).union(numberings[1].1.keys).count)
  }
}

extension TextKeys {
  fileprivate func key(of text: String) -> UInt128 { Array(text.utf8).withUnsafeBytes { key(of: $0) } }
}
