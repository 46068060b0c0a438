// Owns what a city of a given size consists of: its entries, who reports them, and how many records each has.
// Invariants: everything follows from records, entries and seed; the records of all entries add up to those asked for.
// Does not make rows (CityRows).

import CreditModel
import Foundation

/// One entry of the city and its size.
public struct CityEntry: Sendable {
  /// Number among the entries.
  public var number: Int
  /// The catalogue entry.
  public var entry: CatalogueEntry
  /// Units that report it.
  public var units: [CityUnit]
  /// Records it has.
  public var records: Int
}

/// A city (城市): subjects, units and entries.
///
/// Sizes are skewed as those of real inventories: 47 of 100 records are financing data of a dozen entries (utilities, taxes, social insurance), the rest is
/// spread log-normally (sigma 3) over all other entries, most of which have less than a hundred records.
public struct CityPlan: Sendable {
  /// Records a city has for each of its entries.
  public static let recordsPerEntry = 12_600
  /// Entries of the reference city.
  public static let maximumEntries = 25_000
  /// Records of one file at most.
  public static let recordsPerFile = 2_000_000

  /// Records of all entries.
  public let records: Int
  /// The seed.
  public let seed: UInt64
  /// Units.
  public let units: [CityUnit]
  /// Entries, in ascending number.
  public let entries: [CityEntry]
  /// Bodies.
  public let bodies: Int
  /// Persons.
  public let persons: Int

  /// Records below which a city has but registrations, permits and penalties.
  public static let leastRecords = 1_000_000

  /// Entries that a city of so many records has.
  public static func entryCount(records: Int) -> Int {
    records < leastRecords ? 3 : min(maximumEntries, records / recordsPerEntry)
  }

  /// Plans a city.
  ///
  /// - Parameters:
  ///   - records: of all entries together, about: every entry has at least one.
  ///   - entries: how many, at least 3.
  ///   - seed: of everything.
  public init(records: Int, entries: Int, seed: UInt64) {
    let count = max(3, min(Self.maximumEntries, entries))
    self.seed = seed
    bodies = max(10, min(420_000, records / 60))
    persons = max(10, min(2_600_000, records / 25))
    let units = CityUnits.all(min(CityUnits.count, max(4, count)))
    self.units = units
    var random = SeededRandom(seed: seed, part: 0xC17)
    let templates = Self.nationalEntries
    let weights = Self.weights(count, templates, &random)
    let total = weights.reduce(0, +)
    var sizes = weights.map { max(1, Int(Double(records) * $0 / total)) }
    // The bodies register once each.
    sizes[0] = min(bodies, max(1, records / 3))
    if let largest = sizes.indices.dropFirst().max(by: { sizes[$0] < sizes[$1] }) {
      sizes[largest] = max(1, sizes[largest] + records - sizes.reduce(0, +))
    }
    self.records = sizes.reduce(0, +)
    var planned: [CityEntry] = []
    planned.reserveCapacity(count)
    for number in 0..<count {
      var own = SeededRandom(seed: seed, part: 0xE000_0000 + UInt64(number))
      if number < templates.count {
        let reporters = number == 0 ? 1 : min(units.count, 1 + own.below(12))
        let first = own.below(units.count)
        planned.append(
          CityEntry(
            number: number, entry: templates[number],
            units: (0..<reporters).map { units[(first + $0 * 17) % units.count] }, records: sizes[number]))
      } else {
        let unit = units[number % units.count]
        planned.append(
          CityEntry(
            number: number, entry: MunicipalEntry.make(number, unit, &own), units: [unit], records: sizes[number]))
      }
    }
    self.entries = planned
  }

  /// National templates: registrations, permits and penalties first, then financing data, then all others.
  private static var nationalEntries: [CatalogueEntry] {
    let all = CatalogueEntry.nationalTemplates
    let first = ["QYDJ", "XZXK", "XZCF"]
    return first.compactMap { code in all.first { $0.code == code } }
      + all.filter { $0.code.hasPrefix("XYD-") }
      + all.filter { !$0.code.hasPrefix("XYD-") && !first.contains($0.code) }
  }

  /// Shares of financing entries, of 1,000.
  private static let financingShares = [
    "XYD-YDXX": 300, "XYD-YSXX": 170, "XYD-YQXX": 110, "XYD-NSMX": 150, "XYD-SBJF": 110, "XYD-GJJG": 60, "XYD-SBCB": 35, "XYD-GJJD": 25,
    "XYD-NSHZ": 25, "XYD-BDCQ": 8, "XYD-QSGG": 3, "XYD-CCXX": 2, "XYD-DWDB": 2,
  ]

  private static func weights(
    _ count: Int, _ templates: [CatalogueEntry], _ random: inout SeededRandom
  ) -> [Double] {
    var weights = [Double](repeating: 0, count: count)
    var spread: [Int] = []
    for number in 0..<count {
      let code = number < templates.count ? templates[number].code : ""
      if let share = financingShares[code] {
        weights[number] = 0.47 * Double(share) / 1000
      } else if number < 3 {
        weights[number] = [0, 0.02, 0.006][number]
      } else {
        // One entry alone has no more than a fiftieth of what is spread.
        weights[number] = exp(min(3 * random.normal(), 9))
        spread.append(number)
      }
    }
    let sum = spread.reduce(0) { $0 + weights[$1] }
    for number in spread { weights[number] *= 0.504 / sum }
    return weights
  }
}

/// Entries of the city itself (地方补充目录).
enum MunicipalEntry {
  static func make(_ number: Int, _ unit: CityUnit, _ random: inout SeededRandom) -> CatalogueEntry {
    let matter = Words.subjectsOfActs[(number / 20) % Words.subjectsOfActs.count]
    let kind = Words.kindsOfActs[number % Words.kindsOfActs.count]
    let isPersonal = random.below(9) == 0
    let hasPersons = isPersonal || random.below(3) == 0
    var items: [CatalogueItem] = [CatalogueItem(id: "MC", name: "主体名称", type: .text, length: 200, required: true)]
    var subject: [String] = []
    if !isPersonal {
      items.append(
        CatalogueItem(id: "SHXYM", name: "统一社会信用代码", type: .text, length: 18, identifier: .unifiedSocialCreditCode))
      subject.append("SHXYM")
    }
    if hasPersons {
      items.append(
        CatalogueItem(
          id: "ZJHM", name: "公民身份号码", type: .text, length: 18, identifier: .citizenIdentityNumber,
          openness: .authorized, mask: [6, 4]))
      subject.append("ZJHM")
    }
    items.append(CatalogueItem(id: "WSH", name: "文书号", type: .text, length: 128, required: true))
    items.append(CatalogueItem(id: "RQ", name: "日期", type: .date, required: true))
    // Nine fields in the middle, 117 at most, as inventories of provinces have them.
    let wanted = max(items.count + 1, min(117, Int(exp(2.2 + 0.55 * random.normal()))))
    var place = random.below(Words.municipalItems.count)
    var names = Set(items.map(\.name))
    while items.count < wanted {
      place = (place + 1 + random.below(3)) % Words.municipalItems.count
      var item = item(Words.municipalItems[place], id: "F\(items.count)")
      // An entry of many items has several of a kind.
      if names.contains(item.name) { item.name += "（\(items.count)）" }
      names.insert(item.name)
      items.append(item)
    }
    let natures: [CatalogueEntry.Nature] = [.neutral, .neutral, .positive, .negative]
    return CatalogueEntry(
      code: "QHD-" + String(100_000 + number).dropFirst(), name: unit.name + matter + kind,
      category: random.pick(["administrative", "registration", "qualification", "compliance", "utility", "honour"]),
      nature: random.pick(natures), subjectKinds: isPersonal ? ["naturalPerson"] : hasPersons ? ["legalPerson", "soleTrader", "naturalPerson"] : ["legalPerson", "soleTrader"],
      openness: random.pick([.public, .government, .authorized]),
      updateCycle: random.pick(["daily", "weekly", "monthly", "quarterly", "yearly", "irregular"]), units: [unit.code],
      subject: subject, subjectName: "MC", recordKey: ["WSH"], eventDate: "RQ", items: items
    ).with(\.level, .municipal).with(\.region, unit.division)
  }

  private static func item(_ kind: (name: String, kind: String), id: String) -> CatalogueItem {
    let name = kind.name
    switch kind.kind {
    case "date": return CatalogueItem(id: id, name: name, type: .date)
    case "month": return CatalogueItem(id: id, name: name, type: .month)
    case "timestamp": return CatalogueItem(id: id, name: name, type: .timestamp)
    case "boolean": return CatalogueItem(id: id, name: name, type: .boolean)
    case "integer": return CatalogueItem(id: id, name: name, type: .integer)
    case "amount", "score": return CatalogueItem(id: id, name: name, type: .decimal, precision: 18, scale: 2)
    case "code", "district", "year": return CatalogueItem(id: id, name: name, type: .code, length: 64)
    case "text", "remark", "law": return CatalogueItem(id: id, name: name, type: .text, length: 2000)
    default: return CatalogueItem(id: id, name: name, type: .text, length: 200)
    }
  }
}
