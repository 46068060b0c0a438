// Owns the words of permit and penalty categories and the splitting of multi-valued cells.
// Invariants: all wordings of 1996 and 2021 are known; names that hold a separator are matched before splitting.

/// Categories of permits (许可类别) and penalties (处罚类别).
package enum CategoryWords {
  static let permits = ["普通", "特许", "认可", "核准", "登记"]

  /// Longest first, so that 没收违法所得、没收非法财物 is one name.
  static let penalties = [
    "法律、行政法规规定的其他行政处罚", "没收违法所得、没收非法财物", "暂扣或者吊销许可证、暂扣或者吊销执照",
    "暂扣或者吊销许可证", "暂扣或者吊销执照", "限制开展生产经营活动", "责令停产停业", "暂扣许可证件", "吊销许可证件",
    "降低资质等级", "没收违法所得", "没收非法财物", "暂扣许可证", "吊销许可证", "暂扣执照", "吊销执照", "通报批评",
    "责令关闭", "限制从业", "行政拘留", "警告", "罚款",
  ]

  /// Splits a penalty category into its tokens; `unknown` holds what is in no list.
  package static func penaltyTokens(_ text: String) -> (known: [String], unknown: [String]) {
    tokens(text, words: penalties)
  }

  /// Splits a permit category into its tokens.
  package static func permitTokens(_ text: String) -> (known: [String], unknown: [String]) {
    tokens(text, words: permits)
  }

  private static let separators: Set<Unicode.Scalar> = [
    ";", "；", "、", ",", "，", "-", "+", "|", " ", "\u{3000}",
  ]

  private static func tokens(_ text: String, words: [String]) -> (known: [String], unknown: [String]) {
    var known: [String] = []
    var unknown: [String] = []
    var rest = Substring(text)
    while let first = rest.unicodeScalars.first {
      if separators.contains(first) {
        rest.unicodeScalars.removeFirst()
      } else if let word = words.first(where: { rest.hasPrefix($0) }) {
        known.append(word)
        rest = rest.dropFirst(word.count)
      } else if rest.hasPrefix("其他") {
        // 其他 stands with a text of its own up to the next clear separator.
        let end = rest.firstIndex { ";；".contains($0) } ?? rest.endIndex
        let token = String(rest[..<end])
        if token.unicodeScalars.count > 3 { known.append(token) } else { unknown.append(token) }
        rest = rest[end...]
      } else {
        let end = rest.unicodeScalars.firstIndex { separators.contains($0) } ?? rest.endIndex
        unknown.append(String(rest[..<end]))
        rest = rest[end...]
      }
    }
    return (known, unknown)
  }
}
