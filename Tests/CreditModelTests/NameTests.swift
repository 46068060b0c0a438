// Goal: names that people take for the same compare as the same, and no others do.
// Method: pairs written by hand; random texts for what must hold of all.

import CreditModel
import TestSupport
import Testing

@Suite struct NameTests {
  @Test func widthCaseBracketsSpacesAndDotsDoNotCount() {
    for (left, right) in [
      ("秦皇岛甲乙（集团）有限公司", "秦皇岛甲乙(集团)有限公司"), ("秦皇岛 甲乙　有限公司", "秦皇岛甲乙有限公司"),
      ("ＡＢＣ科技", "abc科技"), ("【甲】乙", "(甲)乙"), ("〔甲〕乙", "[甲]乙"), ("阿依·古丽", "阿依•古丽"), ("阿依・古丽", "阿依‧古丽"),
      ("甲\u{200B}乙", "甲乙"), ("\u{202D}甲乙\u{202C}", "甲乙"), ("甲\u{AD}\u{FE0F}乙\u{2028}", "甲乙"),
      ("\u{FEFF}甲乙\t", "甲乙"), ("（甲）", "<甲>"), ("１２３号", "123号"),
    ] {
      #expect(NormalizedName(left) == NormalizedName(right), "\(left) and \(right)")
    }
    for (left, right) in [
      ("甲乙有限公司", "甲丙有限公司"), ("甲·乙", "甲乙"), ("(甲)乙", "甲(乙)"), ("甲乙有限公司", "甲乙有限责任公司"),
    ] {
      #expect(NormalizedName(left) != NormalizedName(right), "\(left) and \(right)")
    }
    #expect(NormalizedName("  　\u{200B}").isEmpty)
  }

  @Test func legalFormsAreSetAside() {
    for (name, core) in [
      ("秦皇岛甲乙有限公司", "秦皇岛甲乙"), ("秦皇岛甲乙有限责任公司", "秦皇岛甲乙"), ("秦皇岛甲乙股份有限公司", "秦皇岛甲乙"),
      ("秦皇岛甲乙（有限合伙）", "秦皇岛甲乙"), ("秦皇岛甲乙集团有限公司", "秦皇岛甲乙集团"), ("甲乙有限公司北戴河分公司", "甲乙有限公司北戴河分公司"),
      ("有限公司", "有限公司"), ("股份有限公司", "股份有限公司"), ("张三", "张三"), ("", ""),
    ] {
      #expect(NormalizedName(name).core == core, "\(name)")
    }
  }

  /// Normalising twice changes nothing, whatever the text; what is no text at all does not trap.
  @Test func normalisingIsStable() {
    let seed: UInt64 = 20_261_128
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let ranges: [ClosedRange<UInt32>] = [
      0...0x7F, 0x80...0x7FF, 0x2000...0x22FF, 0x3000...0x30FF, 0x4E00...0x9FFF, 0xFE00...0xFFFD,
      0x1F300...0x1F3FF,
    ]
    for _ in 0..<20_000 {
      var text = ""
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        let range = ranges[Int.random(in: 0..<ranges.count, using: &random)]
        if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
          text.unicodeScalars.append(scalar)
        }
      }
      let once = NormalizedName(text)
      #expect(NormalizedName(once.text) == once, "\(Array(text.utf8))")
      #expect(once.text.utf8.elementsEqual(once.bytes))
      // Each character for itself: what stands before one that stays is not touched again.
      let single = text.unicodeScalars.flatMap { NormalizedName(String($0)).bytes }
      #expect(once.bytes == single, "\(Array(text.utf8))")
      var bytes = (0..<Int.random(in: 0...9, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      var target: [UInt8] = []
      bytes.withUnsafeMutableBytes { NormalizedName.normalize(UnsafeRawBufferPointer($0), into: &target) }
    }
  }
}
