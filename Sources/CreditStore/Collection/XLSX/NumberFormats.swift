// Owns what the number formats of a workbook say of a number: whether it is a day, a month, a year, an instant or a time (ISO/IEC 29500-1, 18.8.30 and
// 18.17.4), and writing it so.
// Invariants: a number that is no date keeps the 15 digits that spreadsheets show, and no digit is made up; what cannot be written as a date stays a number.
// Does not know cells.

import CreditModel
import Foundation

/// What numbers of a format stand for.
package enum NumberMeaning: Equatable {
  case number
  case day
  case month
  case year
  case instant
  case time

  /// What a format of ISO/IEC 29500-1 stands for that a workbook need not write down, those of Chinese ones included.
  init(builtIn: Int) {
    switch builtIn {
    case 14...16, 28...31, 51, 53, 54, 58: self = .day
    case 17, 27, 36, 50, 52, 57: self = .month
    case 18...21, 32...35, 45...47, 55, 56: self = .time
    case 22: self = .instant
    default: self = .number
    }
  }

  /// What a format that a workbook writes down stands for.
  package init(format: String) {
    var letters = Set<Character>()
    var isQuoted = false
    var isSkipped = false
    var isBracket = false
    var bracket = Set<Character>()
    for character in format.lowercased() {
      if isSkipped {
        isSkipped = false
      } else if isQuoted {
        if character == "\"" { isQuoted = false }
      } else if isBracket {
        if character == "]" {
          // [h] counts hours; colours, conditions and locales say nothing.
          if !bracket.isEmpty, bracket.isSubset(of: ["h", "m", "s"]) { letters.insert("h") }
          isBracket = false
        } else {
          bracket.insert(character)
        }
      } else {
        switch character {
        case "\"": isQuoted = true
        case "\\", "_", "*": isSkipped = true
        case "[": (isBracket, bracket) = (true, [])
        case ";":
          // The formats of negative numbers and texts say no more.
          self.init(letters)
          return
        default: letters.insert(character)
        }
      }
    }
    self.init(letters)
  }

  private init(_ letters: Set<Character>) {
    let isYear = letters.contains("y") || letters.contains("e") && letters.isDisjoint(with: ["0", "#", "g"])
    let isTime = letters.contains("h") || letters.contains("s")
    if letters.contains("d") {
      self = isTime ? .instant : .day
    } else if isYear {
      self = isTime ? .instant : letters.contains("m") ? .month : .year
    } else {
      self = isTime && letters.isDisjoint(with: ["#"]) ? .time : .number
    }
  }
}

/// Writes the numbers of a workbook as texts.
package struct NumberText {
  /// The day before the first one, as days since 1970.
  private let dayZero: Int
  private let has1900LeapDay: Bool

  /// - Parameter isFrom1904: whether days count from 1904-01-01, as some workbooks say.
  package init(isFrom1904: Bool) {
    // 1899-12-30 and 1904-01-01.
    dayZero = isFrom1904 ? -24_107 : -25_569
    has1900LeapDay = !isFrom1904
  }

  /// The text of a number as the file has it.
  package func text(_ written: String, _ meaning: NumberMeaning) -> String {
    guard let number = Double(written), number.isFinite else { return written }
    return date(number, meaning) ?? Self.plain(written, number)
  }

  private func date(_ number: Double, _ meaning: NumberMeaning) -> String? {
    guard meaning != .number, number >= 0, number < 2_958_466 else { return nil }
    // Days that were worked out may be a hair below what they are.
    let seconds = Int((number * 86_400).rounded())
    let time = Self.time(seconds % 86_400)
    if meaning == .time { return seconds < 86_400 ? time : nil }
    var serial = seconds / 86_400
    // The first spreadsheets took 1900 for a leap year.
    if has1900LeapDay {
      if serial == 60 || serial == 0 { return nil }
      if serial < 60 { serial += 1 }
    }
    guard let day = Day(daysSinceEpoch: dayZero + serial) else { return nil }
    switch meaning {
    case .month: return String(day.description.prefix(7))
    case .year: return String(day.description.prefix(4))
    case .instant: return day.description + "T" + time
    default: return day.description
    }
  }

  private static func time(_ seconds: Int) -> String {
    [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
      .joined(separator: ":")
  }

  /// A number with 15 digits and without a power, where it is not plain already. One of more than 15 digits before its point stays as it is written: it is an
  /// identifier that was taken for a number, and either whole or, with a power, known to have lost its last digits.
  private static func plain(_ written: String, _ number: Double) -> String {
    if abs(number) >= 1e15 { return written }
    let digits = written.utf8.count { $0 >= 0x30 && $0 <= 0x39 }
    if digits <= 15, written.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2D || $0 == 0x2E }) {
      return written
    }
    // One digit, a point, 14 digits, and the power of ten.
    let parts = String(format: "%.14e", abs(number)).split(separator: "e")
    guard parts.count == 2, let power = Int(parts[1]), power >= -40 else { return written }
    var mantissa = parts[0].filter { $0 != "." }
    while mantissa.count > 1, mantissa.last == "0" { mantissa.removeLast() }
    let sign = number < 0 ? "-" : ""
    if power < 0 { return sign + "0." + String(repeating: "0", count: -power - 1) + mantissa }
    let whole = power + 1
    if mantissa.count <= whole {
      return sign + mantissa + String(repeating: "0", count: whole - mantissa.count)
    }
    return sign + mantissa.prefix(whole) + "." + mantissa.dropFirst(whole)
  }
}
