// Owns how days, months, times and decimals are written and read by Codable: as the texts of the JSON contract.
// Invariants: days, months and times read back as they were; a decimal reads back as the same number, its scale as many places as it needs.
// What is no such text is an error that shows where it stands.
// Does not know JSON or any other format.

extension Day: Codable {
  /// Reads a day; any form of exchange files will do.
  public init(from decoder: any Decoder) throws {
    self = try CanonicalCoding.read(from: decoder, "a day, as 2021-01-31") { Day($0) }
  }

  /// Writes `yyyy-MM-dd`.
  public func encode(to encoder: any Encoder) throws { try CanonicalCoding.write(description, to: encoder) }
}

extension Month: Codable {
  /// Reads a month; any form of exchange files will do.
  public init(from decoder: any Decoder) throws {
    self = try CanonicalCoding.read(from: decoder, "a month, as 2021-01") { Month($0) }
  }

  /// Writes `yyyy-MM`.
  public func encode(to encoder: any Encoder) throws { try CanonicalCoding.write(description, to: encoder) }
}

extension Second: Codable {
  /// Reads a time; any form of exchange files will do.
  public init(from decoder: any Decoder) throws {
    self = try CanonicalCoding.read(from: decoder, "a time, as 2021-01-31T08:00:00") { Second($0) }
  }

  /// Writes `yyyy-MM-ddTHH:mm:ss`.
  public func encode(to encoder: any Encoder) throws { try CanonicalCoding.write(description, to: encoder) }
}

extension FixedDecimal: Codable {
  /// Reads a decimal number; its scale is the number of places that are written, which may be fewer than the writer's.
  public init(from decoder: any Decoder) throws {
    self = try CanonicalCoding.read(from: decoder, "a decimal number of at most 18 digits, as 0.2") { text in
      let places = text.utf8.firstIndex(of: 0x2E).map {
        text.utf8.distance(from: $0, to: text.utf8.endIndex) - 1
      }
      return FixedDecimal(text, scale: min(places ?? 0, 18))
    }
  }

  /// Writes the shortest exact form, as a text: numbers of JSON may be rounded by those who read them.
  public func encode(to encoder: any Encoder) throws { try CanonicalCoding.write(description, to: encoder) }
}

private enum CanonicalCoding {
  static func read<Result>(
    from decoder: any Decoder, _ expected: String, _ body: (String) -> Result?
  ) throws -> Result {
    let container = try decoder.singleValueContainer()
    guard let value = body(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "this is not \(expected)")
    }
    return value
  }

  static func write(_ text: String, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
