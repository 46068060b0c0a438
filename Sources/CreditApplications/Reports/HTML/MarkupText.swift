// Owns putting texts into HTML and SVG.
// Invariants: nothing from a record is ever markup: what could begin or end it is written as a character reference, and control characters are left out.

import CreditModel

enum MarkupText {
  /// A text as HTML shows it.
  static func escaped(_ text: String) -> String {
    let needs = text.utf8.contains {
      $0 == 0x26 || $0 == 0x3C || $0 == 0x3E || $0 == 0x22 || $0 == 0x27 || $0 < 0x20 || $0 == 0x7F
    }
    guard needs else { return text }
    var result = ""
    result.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n": result += "<br>"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A day as it is printed: 2026年5月4日.
  static func chinese(_ day: Day) -> String {
    let (year, month, day) = day.components
    return "\(year)年\(month)月\(day)日"
  }
}
