// Owns the units of the city that report (报送单位).
// Invariants: numbered from 0; names and codes follow from the number alone, and differ.

/// A unit that reports.
public struct CityUnit: Sendable {
  /// Number among the units.
  public var number: Int
  /// Unified social credit code.
  public var code: String
  /// Name.
  public var name: String
  /// Division, six digits.
  public var division: String
}

/// The city's units: each department of the city and of its districts, then their offices.
public enum CityUnits {
  /// How many the reference city has.
  public static let count = 574

  /// All units.
  public static func all(_ count: Int = count) -> [CityUnit] {
    (0..<max(1, count)).map { number in
      let department = number % Words.departments.count
      let place = number / Words.departments.count
      let district = Words.districts[max(0, place - 1) % Words.districts.count]
      let office = place / (Words.districts.count + 1)
      let isCity = place % (Words.districts.count + 1) == 0
      let name =
        (isCity ? "秦皇岛市" : district.name) + Words.departments[department]
        + (office == 0 ? "" : "第\(office)分局")
      let division = isCity ? "130300" : district.code
      let body = String(number + 1_000_001).utf8
      let code = CodeMaker.creditCode(prefix: "11" + division, body: [0x4D] + Array(body))
      return CityUnit(number: number, code: code, name: name, division: division)
    }
  }
}
