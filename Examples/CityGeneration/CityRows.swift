// Owns the rows of one file of the city, as CSV text.
// Invariants: a row follows from seed, entry and row number alone, so a file can be made twice and rows be sent again; one of 200 rows breaks a rule.

import CreditModel

/// One file that a unit sends.
public struct CityFile: Sendable {
  /// Name of the file.
  public var name: String
  /// The entry.
  public var entry: CityEntry
  /// The unit.
  public var unit: CityUnit
  /// Rows of the entry that it holds.
  public var rows: Range<Int>
  /// Whether it sends rows again, some of them changed.
  public var isRepeat: Bool

  /// Makes a file.
  public init(name: String, entry: CityEntry, unit: CityUnit, rows: Range<Int>, isRepeat: Bool) {
    self.name = name
    self.entry = entry
    self.unit = unit
    self.rows = rows
    self.isRepeat = isRepeat
  }

  /// All files of an entry, in the order in which they are sent.
  public static func files(of entry: CityEntry) -> [CityFile] {
    var files: [CityFile] = []
    // Each unit sends its own part, large parts in several files.
    let parts = max(entry.units.count, (entry.records + CityPlan.recordsPerFile - 1) / CityPlan.recordsPerFile)
    for part in 0..<min(parts, entry.records) {
      let count = min(parts, entry.records)
      let rows = entry.records * part / count..<entry.records * (part + 1) / count
      files.append(
        CityFile(
          name: "\(entry.entry.code)_\(part + 1).csv", entry: entry, unit: entry.units[part % entry.units.count], rows: rows,
          isRepeat: false))
    }
    if entry.number % 50 == 7, let last = files.last, last.rows.count >= 20 {
      var again = last
      again.name = "\(entry.entry.code)_again.csv"
      again.isRepeat = true
      files.append(again)
    }
    return files
  }
}

/// Makes the rows of a file.
public final class CityRows {
  /// Bytes of a piece, about.
  private static let pieceBytes = 256 << 10
  /// Of a file sent again every so many-th row.
  private static let repeatedRows = 30
  private static let dirtyRows = 200
  /// 2015-01-01 to 2021-12-31.
  private static let firstDay = 16_436
  private static let dayCount = 2557
  private static let dates: [[UInt8]] = (firstDay - 4000..<firstDay + dayCount + 2000).map {
    Array((Day(daysSinceEpoch: $0) ?? .epoch).description.utf8)
  }

  private let file: CityFile
  private let population: CityPopulation
  private let seed: UInt64
  private let fillers: [ItemFiller]
  /// Of 100 cells of an item so many are filled.
  private let densities: [Int]
  private let personShare: Int
  /// Periods of an entry that is reported period by period; 0 for all others.
  private let periods: Int
  private let revisedItem: Int
  private let unitName: [UInt8]
  private let unitCode: [UInt8]
  private var writer = ByteWriter(capacity: pieceBytes + 16_384)
  private var next: Int
  private var hasHeader = false
  /// Rows made.
  public private(set) var rowCount = 0

  /// Begins a file.
  public init(_ file: CityFile, of plan: CityPlan, population: CityPopulation) {
    let entry = file.entry.entry
    var random = SeededRandom(seed: plan.seed, part: 0xF000_0000 + UInt64(file.entry.number))
    let rows = file.entry.records
    let fillers = entry.items.map { ItemFiller.choose($0, of: entry, rows: rows, &random) }
    self.fillers = fillers
    let keys = Set(entry.recordKey + entry.subject + [entry.subjectName, entry.eventDate].compactMap { $0 })
    densities = entry.items.map { item in
      if item.required || keys.contains(item.id) || item.id.hasSuffix("_FRDB") || item.id.hasPrefix("CF_") { return 100 }
      return item.name == "备注" ? 3 : random.below(4) == 0 ? 5 + random.below(60) : 90 + random.below(11)
    }
    let isPersonal = entry.subjectKinds == ["naturalPerson"]
    let takesPersons = fillers.contains { if case .identityNumber = $0 { true } else { false } }
    personShare = isPersonal ? 100 : takesPersons ? 15 : 0
    let keyItems = entry.recordKey.compactMap { entry.itemIndex($0) }
    let isMonthly = entry.eventDate.flatMap(entry.itemIndex).map { entry.items[$0].type == .month } ?? false
    let isYearly = keyItems.contains { if case .year = fillers[$0] { true } else { false } }
    periods = isMonthly ? min(84, max(1, rows / 20)) : isYearly ? 7 : 0
    revisedItem =
      entry.items.indices.first { index in
        guard !keys.contains(entry.items[index].id) else { return false }
        switch fillers[index] {
        case .amount, .text, .word, .integer: return true
        default: return false
        }
      } ?? -1
    unitName = Array(file.unit.name.utf8)
    unitCode = Array(file.unit.code.utf8)
    self.file = file
    self.population = population
    seed = plan.seed ^ UInt64(file.entry.number) &* 0x9E37_79B9
    next = file.rows.lowerBound
  }

  /// The next rows as text, the header first; `nil` at the end.
  public func piece() -> [UInt8]? {
    guard next < file.rows.upperBound || !hasHeader else { return nil }
    if !hasHeader {
      hasHeader = true
      for item in file.entry.entry.items {
        writer.beginCell()
        writer.write(Array((file.entry.number.isMultiple(of: 2) ? item.id : item.name).utf8))
      }
      writer.endRow()
    }
    while next < file.rows.upperBound, writer.bytes.count < Self.pieceBytes {
      if file.isRepeat, next % Self.repeatedRows != 3 {
        next += 1
        continue
      }
      writeRow(next)
      next += 1
      rowCount += 1
    }
    return writer.take()
  }

  /// What the cells of one row share.
  private struct Row {
    var number: Int
    var random: SeededRandom
    var subject: Int
    var account: Int
    var isPerson: Bool
    var day: Int
    var period: Int
    /// Chooses what several items must agree about.
    var choice: Int
    /// What is wrong with the row; -1 = nothing.
    var fault: Int
  }

  private func row(_ number: Int) -> Row {
    var random = SeededRandom(seed: seed, part: UInt64(number))
    let isPerson = personShare > 0 && random.below(100) < personShare
    let all = isPerson ? population.personCount : population.bodyCount
    var row = Row(
      number: number, random: random, subject: 0, account: 0, isPerson: isPerson, day: 0, period: 0,
      choice: 0, fault: number % Self.dirtyRows == 37 ? number / Self.dirtyRows % 5 : -1)
    row.choice = Int(truncatingIfNeeded: row.random.next() >> 8)
    if file.entry.number == 0 {
      row.subject = number % all
      row.day = Self.firstDay + row.random.below(Self.dayCount)
    } else if periods > 0 {
      let accounts = max(1, (file.entry.records + periods - 1) / periods)
      let place = number % accounts
      row.period = min(periods - 1, number / accounts)
      row.account = place
      // Neighbouring accounts are not neighbouring subjects.
      row.subject = (place &* 7_919 &+ file.entry.number &* 104_729) % all
      row.day = Self.firstDay + row.period * Self.dayCount / periods + row.random.below(28)
    } else {
      row.subject = row.random.skewed(all, exponent: 5.0 / 3) &* 7_919 % all
      row.account = row.subject
      // Rows arrive in the order of their days, nearly.
      let day = number * Self.dayCount / max(1, file.entry.records)
      row.day = Self.firstDay + max(0, day - row.random.below(20))
    }
    return row
  }

  private func writeRow(_ number: Int) {
    var row = row(number)
    for index in fillers.indices {
      writer.beginCell()
      if densities[index] < 100, row.random.below(100) >= densities[index] { continue }
      if file.isRepeat, index == revisedItem, number % 2 == 0 { row.random = SeededRandom(seed: ~seed, part: UInt64(number)) }
      write(fillers[index], &row)
    }
    writer.endRow()
  }
}

// MARK: Cells

extension CityRows {
  private func write(_ filler: ItemFiller, _ row: inout Row) {
    switch filler {
    case .subjectName:
      if row.fault == 2 { return }
      writer.write(row.isPerson ? population.name(ofPerson: row.subject) : population.name(ofBody: row.subject))
    case .creditCode: writeCreditCode(row)
    case .identityNumber:
      if row.isPerson, row.fault != 0 { writer.write(population.number(ofPerson: row.subject)) }
    case .documentKind: if row.isPerson { writer.write(Self.identityCard) }
    case .partyClass: writer.write(partyClass(row))
    case .organizationCode(let share):
      if !row.isPerson, row.fault != 0, row.random.below(100) < share {
        writer.write(population.code(ofBody: row.subject).dropFirst(8).prefix(9))
      }
    case .taxNumber(let share):
      if !row.isPerson, row.fault != 0, row.random.below(100) < share { writer.write(population.code(ofBody: row.subject)) }
    case .unitName: writer.write(unitName)
    case .unitCode: writer.write(unitCode)
    case .account: writer.write(1_303_000_000 + row.account, width: 10)
    case .documentNumber(let style): writeDocumentNumber(style, row)
    case .boolean: writer.write(row.random.below(5) == 0 ? Self.no : Self.yes)
    case .word(let pool): writer.write(pool[row.random.skewed(pool.count, exponent: 2)])
    case .text(let pool): writer.write(pool[row.random.skewed(pool.count, exponent: 2)])
    case .eventDate, .dateBefore, .dateFrom, .dateAfter, .timestamp, .month, .year: writeTime(filler, &row)
    case .amount, .ratio, .integer, .score: writeNumber(filler, &row)
    case .person, .phone, .address, .district, .law: writePlace(filler, &row)
    case .permitCategory, .penaltyCategory, .penaltyContent, .fine, .confiscation, .one: writeAct(filler, &row)
    case .nothing: break
    }
  }

  private static let identityCard = Array("身份证".utf8)
  private static let yes = Array("是".utf8)
  private static let no = Array("否".utf8)
  private static let classes = PartyClass.allCases.reduce(into: [PartyClass: [UInt8]]()) { $0[$1] = Array($1.rawValue.utf8) }

  private func partyClass(_ row: Row) -> [UInt8] {
    if row.isPerson { return Self.classes[.naturalPerson] ?? [] }
    let isTrader = population.code(ofBody: row.subject).dropFirst().first == 0x32 && population.code(ofBody: row.subject).first == 0x39
    return Self.classes[isTrader ? .soleTrader : .body] ?? []
  }

  private func writeCreditCode(_ row: Row) {
    guard !row.isPerson, row.fault != 0 else {
      // An entry with one item for all subjects.
      if row.isPerson, file.entry.entry.subject.count == 1, row.fault != 0 { writer.write(population.number(ofPerson: row.subject)) }
      return
    }
    let code = population.code(ofBody: row.subject)
    switch row.fault {
    case 1:
      writer.write(code.dropLast())
      writer.byte(code.last == 0x41 ? 0x42 : 0x41)
    case 4: writer.write(code.map { $0 >= 0x41 ? $0 | 0x20 : $0 })
    default: writer.write(code)
    }
  }

  private static let numberParts = ["冀秦", "字〔", "〕第", "号", "秦审批"].map { Array($0.utf8) }

  private func writeDocumentNumber(_ style: Int, _ row: Row) {
    let year = 1970 + row.day * 400 / 146_097
    switch style {
    case 0, 1:
      writer.write(Self.numberParts[style == 0 ? 0 : 4])
      writer.write(Self.numberParts[1])
      writer.write(year)
      writer.write(Self.numberParts[2])
      writer.write(row.number + 1)
      writer.write(Self.numberParts[3])
    case 2:
      writer.write(unitCode[2..<8])
      writer.write(year)
      writer.write(row.number + 1, width: 8)
    default:
      writer.byte(UInt8(0x41 + file.entry.number % 26))
      writer.write(unitCode[10..<14])
      writer.write(row.number + 1, width: 7)
    }
  }

  private func writeDate(_ day: Int) {
    let place = day - Self.firstDay + 4000
    writer.write(Self.dates[max(0, min(Self.dates.count - 1, place))])
  }

  private static let damagedDate = Array("1.30302E+17".utf8)

  private func writeTime(_ filler: ItemFiller, _ row: inout Row) {
    switch filler {
    case .eventDate where row.fault == 3: writer.write(Self.damagedDate)
    case .eventDate, .dateFrom: writeDate(row.day)
    case .dateBefore(let days): writeDate(row.day - row.random.below(days))
    case .dateAfter(let days): writeDate(row.day + days)
    case .timestamp:
      writeDate(row.day)
      writer.byte(0x20)
      writer.write(8 + row.random.below(10), width: 2)
      writer.byte(0x3A)
      writer.write(row.random.below(60), width: 2)
      writer.byte(0x3A)
      writer.write(row.random.below(60), width: 2)
    case .month:
      let place = max(0, min(Self.dates.count - 1, row.day - Self.firstDay + 4000))
      writer.write(Self.dates[place].prefix(7))
    default: writer.write(1970 + row.day * 400 / 146_097)
    }
  }

  private func writeNumber(_ filler: ItemFiller, _ row: inout Row) {
    switch filler {
    case .amount(let places, let mean):
      var scale = 1.0
      for _ in 0..<places { scale *= 10 }
      // The product of uniform numbers stands for a log-normal one: it needs no logarithm.
      let spread = (1 + 3 * row.random.unit()) * (1 + 3 * row.random.unit()) * (0.2 + row.random.unit())
      let units = Int(mean * mean * mean * spread * scale)
      // Four of five amounts are round.
      writer.write(units: row.random.below(5) == 0 ? units : units / 100 * 100, places: places)
    case .ratio: writer.write(5 + row.random.below(8))
    case .integer(let bound): writer.write(row.random.skewed(bound, exponent: 3))
    default: writer.write(60 + row.random.below(41))
    }
  }

  private static let legalWords = ["《中华人民共和国", "》第", "条"].map { Array($0.utf8) }
  private static let placeWords = ["秦皇岛市", "号"].map { Array($0.utf8) }

  private func writePlace(_ filler: ItemFiller, _ row: inout Row) {
    switch filler {
    case .person:
      // The representative of a body is always the same person.
      writer.write(population.name(ofPerson: (row.subject &* 31 &+ 7) % population.personCount))
    case .phone:
      writer.write(13)
      writer.write(row.random.below(1_000_000_000), width: 9)
    case .district: writer.write(Self.districtNames[row.subject % Self.districtNames.count])
    case .law:
      writer.write(Self.legalWords[0])
      writer.write(Words.lawNames[row.random.skewed(Words.lawNames.count, exponent: 2)])
      writer.write(Self.legalWords[1])
      writer.write(1 + row.random.skewed(90, exponent: 2))
      writer.write(Self.legalWords[2])
    default:
      writer.write(Self.placeWords[0])
      writer.write(Self.districtNames[row.subject % Self.districtNames.count])
      writer.write(Words.streets[row.subject / 7 % Words.streets.count])
      writer.write(1 + row.subject % 397)
      writer.write(Self.placeWords[1])
    }
  }

  private static let districtNames = Words.districts.map { Array($0.name.utf8) }
  private static let permitCategories = ["普通", "核准", "登记", "认可", "其他-备案"].map { Array($0.utf8) }
  private static let penaltyWords = ["警告", "罚款", "罚款;没收违法所得", "罚款人民币", "元"].map { Array($0.utf8) }

  private func writeAct(_ filler: ItemFiller, _ row: inout Row) {
    let kind = row.choice % 3
    let yuan = (1 + row.choice / 8 % 500) * 100
    switch filler {
    case .permitCategory: writer.write(Self.permitCategories[row.choice % Self.permitCategories.count])
    case .penaltyCategory: writer.write(Self.penaltyWords[kind])
    case .penaltyContent:
      guard kind > 0 else { return writer.write(Self.penaltyWords[0]) }
      writer.write(Self.penaltyWords[3])
      writer.write(yuan)
      writer.write(Self.penaltyWords[4])
    case .fine: if kind > 0 { writer.write(units: yuan * 100, places: 6) }
    case .confiscation: if kind == 2 { writer.write(units: yuan * 37, places: 6) }
    default: writer.byte(0x31)
    }
  }
}
