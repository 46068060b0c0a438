// Owns reading and writing catalogue entries as JSON.
// Invariants: input is bounded in size and depth before it is parsed; every entry returned is valid.
// Does not touch files.

public import Foundation

extension CatalogueEntry {
  /// The largest JSON text accepted, in bytes.
  public static let maximumJSONBytes = 256 << 20
  /// The deepest nesting accepted.
  public static let maximumJSONDepth = 32

  /// Reads one entry or an array of entries and validates each.
  ///
  /// - Parameter json: UTF-8 JSON, at most 256 MiB and 32 levels deep.
  /// - Throws: `CatalogueError` that names the entry and the place in it.
  public static func decode(json: Data) throws(CatalogueError) -> [CatalogueEntry] {
    try checkBounds(json)
    let entries: [CatalogueEntry]
    do {
      let isArray = json.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) } == 0x5B
      let decoder = JSONDecoder()
      entries =
        isArray
        ? try decoder.decode([CatalogueEntry].self, from: json)
        : [try decoder.decode(CatalogueEntry.self, from: json)]
    } catch let error as DecodingError {
      throw CatalogueError(entry: nil, path: path(of: error), message: message(of: error))
    } catch {
      throw CatalogueError(entry: nil, path: "", message: "not readable as JSON")
    }
    var codes: Set<String> = []
    for entry in entries {
      try entry.validate()
      guard codes.insert("\(entry.code)\u{0}\(entry.version)").inserted else {
        throw CatalogueError(
          entry: entry.code, path: "code", message: "the same entry and version stands twice")
      }
    }
    return entries
  }

  /// The JSON text of the entry, keys in a fixed order.
  public func encodedJSON() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }

  /// Refuses texts that are too large or too deep before any parser recurses into them.
  private static func checkBounds(_ json: Data) throws(CatalogueError) {
    guard json.count <= maximumJSONBytes else {
      throw CatalogueError(entry: nil, path: "", message: "larger than \(maximumJSONBytes >> 20) MiB")
    }
    var depth = 0
    var inString = false
    var escaped = false
    for byte in json {
      if inString {
        if escaped {
          escaped = false
        } else if byte == 0x5C {
          escaped = true
        } else if byte == 0x22 {
          inString = false
        }
        continue
      }
      switch byte {
      case 0x22: inString = true
      case 0x5B, 0x7B:
        depth += 1
        guard depth <= maximumJSONDepth else {
          throw CatalogueError(entry: nil, path: "", message: "nested deeper than \(maximumJSONDepth) levels")
        }
      case 0x5D, 0x7D: depth -= 1
      default: break
      }
    }
  }

  private static func path(of error: DecodingError) -> String {
    let codingPath: [any CodingKey]
    switch error {
    case .keyNotFound(let key, let context): codingPath = context.codingPath + [key]
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      codingPath = context.codingPath
    @unknown default: codingPath = []
    }
    return codingPath.reduce(into: "") { path, key in
      if let index = key.intValue {
        path += "[\(index)]"
      } else {
        path += (path.isEmpty ? "" : ".") + key.stringValue
      }
    }
  }

  private static func message(of error: DecodingError) -> String {
    switch error {
    case .keyNotFound: return "the key is missing"
    case .typeMismatch(let type, _): return "must be a \(type)"
    case .valueNotFound: return "must not be null"
    case .dataCorrupted(let context): return context.debugDescription
    @unknown default: return "not readable"
    }
  }
}
