// Owns the reading of dates, months and times in the forms exchange files use.
// Invariants: total over any bytes; a form is either read whole or refused, nothing is guessed from a part;
// day and month are never swapped.
// Does not apply missing markers or open ends: those are properties of the value.

/// Reads `yyyy-MM-dd`, `yyyy/M/d`, `yyyy.M.d`, `yyyyMMdd`, `yyyy年M月d日`, Excel serials (20000 to 80000),
/// epoch milliseconds (13 digits), each day form also with a clock time behind it. A time with a zone is one instant; it is read on the clock of Asia/Shanghai.
package enum DateForms {
  /// Reads a day; a clock time behind it must be midnight, since dropping another one would lose something.
  package static func day(_ text: Span<UInt8>) -> Day? {
    if text.count == 10, let day = isoDay(text) { return day }
    guard let second = second(text), second.secondOfDay == 0 else { return nil }
    return second.day
  }

  /// The commonest form, `yyyy-MM-dd` or `yyyy/MM/dd`, without the general machinery.
  private static func isoDay(_ text: Span<UInt8>) -> Day? {
    guard text[4] == text[7], text[4] == 0x2D || text[4] == 0x2F else { return nil }
    var number = 0
    for index in 0..<10 where index != 4 && index != 7 {
      let digit = text[index] &- 0x30
      guard digit <= 9 else { return nil }
      number = number &* 10 &+ Int(digit)
    }
    return Day(year: number / 10_000, month: number / 100 % 100, day: number % 100)
  }

  /// Reads a time; a bare day is its midnight.
  package static func second(_ text: Span<UInt8>) -> Second? {
    var cursor = Cursor(text)
    cursor.skipBlanks()
    guard let (number, width) = cursor.number(), number >= 0 else { return nil }
    let day: Day
    switch width {
    case 8 where cursor.isAtEndOrClock:
      guard let value = Day(year: number / 10_000, month: number / 100 % 100, day: number % 100) else {
        return nil
      }
      day = value
    case 5 where cursor.isAtEnd:
      return excelSerial(number)
    case 13:
      return cursor.isAtEnd ? epochMilliseconds(number) : nil
    case 4:
      guard let separator = cursor.dateSeparator(), let (month, monthWidth) = cursor.number(),
        monthWidth <= 2,
        cursor.skip(separator == .year ? .month : separator), let (value, dayWidth) = cursor.number(),
        dayWidth <= 2, separator != .year || cursor.skip(.day),
        let found = Day(year: number, month: month, day: value)
      else { return nil }
      day = found
    default: return nil
    }
    guard let clock = cursor.clock() else { return nil }
    guard let shift = clock.zone else { return Second(day: day, secondOfDay: clock.second) }
    // What stands for "missing" does so in every zone.
    if day.isMissingMarker, clock.second == 0 { return Second(day: day, secondOfDay: 0) }
    let found = shanghai(Int64(day.daysSinceEpoch) * 86_400 + Int64(clock.second - shift))
    // A zone leads out of the years there are at their ends alone.
    return found.day >= .minimum && found.day <= .maximum ? found : nil
  }

  /// Reads a month; a full day gives no month, since dropping the day would be a guess.
  package static func month(_ text: Span<UInt8>) -> Month? {
    var cursor = Cursor(text)
    cursor.skipBlanks()
    guard let (number, width) = cursor.number() else { return nil }
    switch width {
    case 6:
      cursor.skipBlanks()
      return cursor.isAtEnd ? Month(year: number / 100, month: number % 100) : nil
    case 4:
      guard let separator = cursor.dateSeparator(), let (month, monthWidth) = cursor.number(), monthWidth <= 2
      else { return nil }
      if separator == .year, !cursor.skip(.month) { return nil }
      cursor.skipBlanks()
      return cursor.isAtEnd ? Month(year: number, month: month) : nil
    default: return nil
    }
  }

  /// Day serials of spreadsheets count from 1899-12-30; the range keeps out other five-digit numbers.
  private static func excelSerial(_ number: Int) -> Second? {
    guard (20_000...80_000).contains(number) else { return nil }
    return Second(day: Day(unchecked: Int32(number - 25_569)), secondOfDay: 0)
  }

  /// Epoch milliseconds of computers are taken in the clock of Asia/Shanghai.
  private static func epochMilliseconds(_ number: Int) -> Second? {
    let found = shanghai(Int64(number) / 1000)
    return found.secondsSinceEpoch < 253_402_300_800 ? found : nil
  }

  /// First and last second of summer time in China, in seconds of Greenwich: 1986 to 1991, from two in the morning to two (IANA tzdata, Rule PRC). Systems that
  /// send the midnight of a birthday as an instant mean it.
  private static let summers: [Range<Int64>] = [
    515_527_200..<527_014_800, 545_162_400..<558_464_400, 577_216_800..<589_914_000,
    608_666_400..<621_968_400, 640_116_000..<653_418_000, 671_565_600..<684_867_600,
  ]

  /// An instant on the clock of Asia/Shanghai: eight hours ahead of Greenwich, in summers of old nine.
  private static func shanghai(_ seconds: Int64) -> Second {
    let isSummer = summers.contains { $0.contains(seconds) }
    return Second(unchecked: seconds + (isSummer ? 9 : 8) * 3600)
  }

  private enum Separator { case hyphen, slash, point, year, month, day }

  private struct Cursor: ~Escapable {
    private let text: Span<UInt8>
    private var index = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { self.text = text }

    var isAtEnd: Bool { index == text.count }
    var isAtEndOrClock: Bool { isAtEnd || text[index] == 0x20 || text[index] == 0x54 }

    @_lifetime(self: copy self)
    mutating func skipBlanks() {
      while index < text.count, text[index] == 0x20 || text[index] == 0x09 { index += 1 }
    }

    /// Decimal digits, at most 13 of them, and how many there were.
    @_lifetime(self: copy self)
    mutating func number() -> (value: Int, width: Int)? {
      let start = index
      var value = 0
      while index < text.count, text[index] &- 0x30 <= 9, index - start < 13 {
        value = value * 10 + Int(text[index] &- 0x30)
        index += 1
      }
      guard index > start, index == text.count || text[index] &- 0x30 > 9 else { return nil }
      return (value, index - start)
    }

    @_lifetime(self: copy self)
    mutating func dateSeparator() -> Separator? {
      for separator in [Separator.hyphen, .slash, .point, .year] where skip(separator) { return separator }
      return nil
    }

    /// Skips one separator; the Chinese ones may have a blank behind them.
    @_lifetime(self: copy self)
    mutating func skip(_ separator: Separator) -> Bool {
      switch separator {
      case .hyphen: return skip([0x2D])
      case .slash: return skip([0x2F])
      case .point: return skip([0x2E])
      case .year: return skip([0xE5, 0xB9, 0xB4])
      case .month: return skip([0xE6, 0x9C, 0x88])
      case .day: return skip([0xE6, 0x97, 0xA5])
      }
    }

    @_lifetime(self: copy self)
    private mutating func skip(_ bytes: [UInt8]) -> Bool {
      guard text.count - index >= bytes.count else { return false }
      for offset in bytes.indices where text[index + offset] != bytes[offset] { return false }
      index += bytes.count
      return true
    }

    /// A clock time `H:mm[:ss[.fraction]]`, behind its seconds with an optional zone, or nothing: the second of the day, and the seconds its zone is ahead of
    /// Greenwich.
    ///
    /// Without seconds `09:30-11:30` is a span of time and no zone, and so is what stands behind a blank and a hyphen.
    @_lifetime(self: copy self)
    mutating func clock() -> (second: Int, zone: Int?)? {
      if isAtEnd { return (0, nil) }
      guard text[index] == 0x20 || text[index] == 0x54 else { return nil }
      let isMarked = text[index] == 0x54
      index += 1
      skipBlanks()
      if isAtEnd { return (0, nil) }
      guard let (hour, hourWidth) = number(), hourWidth <= 2, hour < 24, skip([0x3A]),
        let (minute, minuteWidth) = number(), minuteWidth == 2, minute < 60
      else { return nil }
      var second = 0
      let hasSeconds = skip([0x3A])
      if hasSeconds {
        guard let (value, width) = number(), width == 2, value < 60 else { return nil }
        second = value
        if skip([0x2E]) { guard number() != nil else { return nil } }
      }
      let clock = hour * 3600 + minute * 60 + second
      let end = index
      skipBlanks()
      if !isAtEnd, hasSeconds, text[index] != 0x2D || isMarked && index == end, let zone = zone() {
        return isAtEnd ? (clock, zone) : nil
      }
      return isAtEnd ? (clock, nil) : nil
    }

    /// A zone `Z`, `+08:00`, `+0800` or `+08`: seconds ahead of Greenwich; nothing is read where there is none.
    @_lifetime(self: copy self)
    private mutating func zone() -> Int? {
      let start = index
      if skip([0x5A]) || skip([0x7A]) { return 0 }
      let isBehind = skip([0x2D])
      guard isBehind || skip([0x2B]), let (number, width) = number() else {
        index = start
        return nil
      }
      var (hours, minutes) = (number, 0)
      if width == 4 { (hours, minutes) = (number / 100, number % 100) }
      if width == 2, skip([0x3A]) {
        guard let (value, width) = self.number(), width == 2 else {
          index = start
          return nil
        }
        minutes = value
      }
      guard width == 2 || width == 4, hours <= 14, minutes < 60 else {
        index = start
        return nil
      }
      return (isBehind ? -1 : 1) * (hours * 3600 + minutes * 60)
    }
  }
}
