// Owns the subjects of the city: bodies and persons with their identifiers and names.
// Invariants: subject n is the same whoever asks; identifiers have right check characters; no subject is anybody.

/// Bodies and persons of a synthetic city.
public final class CityPopulation: Sendable {
  /// Bytes of a code or number.
  static let identifierBytes = 18

  /// Bodies there are.
  public let bodyCount: Int
  /// Persons there are.
  public let personCount: Int
  private let bodyCodes: [UInt8]
  private let bodyNames: NameTable
  private let personNumbers: [UInt8]
  private let personNames: NameTable

  /// Makes the subjects of a seed.
  public init(bodies: Int, persons: Int, seed: UInt64) {
    bodyCount = max(1, bodies)
    personCount = max(1, persons)
    var codes: [UInt8] = []
    codes.reserveCapacity(bodyCount * Self.identifierBytes)
    var names = NameTable()
    for number in 0..<bodyCount {
      var random = SeededRandom(seed: seed, part: UInt64(number))
      let kind = Self.kind(&random)
      codes += CodeMaker.creditCode(&random, kind: kind).utf8
      names.append(Self.bodyName(kind, number, &random))
    }
    bodyCodes = codes
    bodyNames = names
    var numbers: [UInt8] = []
    numbers.reserveCapacity(personCount * Self.identifierBytes)
    var people = NameTable()
    for number in 0..<personCount {
      var random = SeededRandom(seed: ~seed, part: UInt64(number))
      numbers += CodeMaker.identityNumber(&random).utf8
      people.append(Self.personName(&random))
    }
    personNumbers = numbers
    personNames = people
  }

  func code(ofBody number: Int) -> ArraySlice<UInt8> {
    bodyCodes[number * Self.identifierBytes..<(number + 1) * Self.identifierBytes]
  }
  func name(ofBody number: Int) -> ArraySlice<UInt8> { bodyNames[number] }
  func number(ofPerson number: Int) -> ArraySlice<UInt8> {
    personNumbers[number * Self.identifierBytes..<(number + 1) * Self.identifierBytes]
  }
  func name(ofPerson number: Int) -> ArraySlice<UInt8> { personNames[number] }

  /// The code of a body, as text.
  public func creditCode(ofBody number: Int) -> String { String(decoding: code(ofBody: number), as: UTF8.self) }
  /// The number of a person, as text.
  public func identityNumber(ofPerson number: Int) -> String {
    String(decoding: self.number(ofPerson: number), as: UTF8.self)
  }

  private static func kind(_ random: inout SeededRandom) -> String {
    switch random.below(1000) {
    case ..<580: "91"
    case ..<930: "92"
    case ..<960: "93"
    case ..<972: "52"
    case ..<980: "51"
    case ..<990: "12"
    case ..<994: "11"
    case ..<997: "81"
    case ..<999: "31"
    default: "N2"
    }
  }

  private static func bodyName(_ kind: String, _ number: Int, _ random: inout SeededRandom) -> [UInt8] {
    var name = random.pick(Words.placePrefixes)
    if kind.hasPrefix("1") {
      name += Array((Words.districts[number % Words.districts.count].name + Words.departments[number % 30]).utf8)
      return name + Array("第\(number)所".utf8)
    }
    for _ in 0..<(2 + random.below(3)) { name += random.pick(Words.brands) }
    name += random.pick(Words.trades)
    let suffix =
      switch kind {
      case "91": random.below(12) == 0 ? "股份有限公司" : "有限公司"
      case "92": random.pick(["店", "经营部", "商行", "工作室"])
      case "93": "农民专业合作社"
      case "51": "协会"
      case "52": "服务中心"
      default: "社"
      }
    return name + Array(suffix.utf8)
  }

  private static func personName(_ random: inout SeededRandom) -> [UInt8] {
    var name = Words.surnames[random.skewed(Words.surnames.count, exponent: 1.8)]
    for _ in 0..<(random.below(5) == 0 ? 1 : 2) { name += random.pick(Words.givenNames) }
    return name
  }
}

/// Texts one behind the other.
private struct NameTable: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [UInt32] = []

  mutating func append(_ name: [UInt8]) {
    bytes += name
    ends.append(UInt32(bytes.count))
  }

  subscript(number: Int) -> ArraySlice<UInt8> {
    bytes[(number == 0 ? 0 : Int(ends[number - 1]))..<Int(ends[number])]
  }
}
