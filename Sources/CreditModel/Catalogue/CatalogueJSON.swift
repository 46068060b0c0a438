// Owns reading and writing catalogue entries as JSON.
// Invariants: input is bounded in size and depth before it is parsed; every entry returned is valid.
// Does not touch files.

import Dispatch
public import Foundation

extension CatalogueEntry {
  /// The largest JSON text accepted, in bytes.
  public static let maximumJSONBytes = 256 << 20
  /// The deepest nesting accepted.
  public static let maximumJSONDepth = 32

  /// Bytes from which on an array is read by several threads.
  private static let parallelBytes = 1 << 20
  /// Entries read together.
  private static let partEntries = 256

  /// Reads one entry or an array of entries and validates each.
  ///
  /// - Parameter json: UTF-8 JSON, at most 256 MiB and 32 levels deep.
  /// - Throws: `CatalogueError` that names the entry and the place in it.
  public static func decode(json: Data) throws(CatalogueError) -> [CatalogueEntry] {
    try decode(json: json, parallelBytes: parallelBytes)
  }

  /// The same, reading by several threads from a size on.
  static func decode(json: Data, parallelBytes: Int) throws(CatalogueError) -> [CatalogueEntry] {
    let elements = try elements(json)
    let entries: [CatalogueEntry]
    if json.count >= parallelBytes, let elements, elements.count > 1 {
      entries = try decode(elements, of: json)
    } else {
      entries = try decode(whole: json, isArray: json.first { !isBlank($0) } == 0x5B, first: nil)
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

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// - Parameter first: place of the first element in the array that the text is a part of; `nil` for a text of its own.
  private static func decode(
    whole json: Data, isArray: Bool, first: Int?
  ) throws(CatalogueError) -> [CatalogueEntry] {
    do {
      let decoder = JSONDecoder()
      return isArray
        ? try decoder.decode([CatalogueEntry].self, from: json)
        : [try decoder.decode(CatalogueEntry.self, from: json)]
    } catch let error as DecodingError {
      throw CatalogueError(entry: nil, path: path(of: error, first: first ?? 0), message: message(of: error))
    } catch {
      throw CatalogueError(entry: nil, path: "", message: "not readable as JSON")
    }
  }

  /// Reads an array part by part, on all processors.
  private static func decode(
    _ elements: [Range<Int>], of json: Data
  ) throws(CatalogueError) -> [CatalogueEntry] {
    let parts = stride(from: 0, to: elements.count, by: partEntries).map {
      $0..<min(elements.count, $0 + partEntries)
    }
    var results = [Result<[CatalogueEntry], CatalogueError>](repeating: .success([]), count: parts.count)
    results.withUnsafeMutableBufferPointer { results in
      // Invariant: each iteration writes its own place alone.
      nonisolated(unsafe) let places = results
      DispatchQueue.concurrentPerform(iterations: parts.count) { index in
        let part = parts[index]
        let bytes = elements[part.lowerBound].lowerBound..<elements[part.upperBound - 1].upperBound
        do throws(CatalogueError) {
          places[index] = .success(
            try decode(
              whole: Data([0x5B]) + json[bytes] + Data([0x5D]), isArray: true, first: part.lowerBound))
        } catch { places[index] = .failure(error) }
      }
    }
    var entries: [CatalogueEntry] = []
    for result in results { entries += try result.get() }
    return entries
  }

  /// The JSON text of the entry, keys in a fixed order.
  public func encodedJSON() -> Data {
    var writer = CatalogueJSONWriter()
    writer.write(self)
    return Data(writer.bytes)
  }

  /// Refuses texts that are too large or too deep before any parser recurses into them.
  ///
  /// - Returns: where the elements of an array stand; `nil` for anything but an array that is plainly one from its first byte to its last.
  private static func elements(_ json: Data) throws(CatalogueError) -> [Range<Int>]? {
    guard json.count <= maximumJSONBytes else {
      throw CatalogueError(entry: nil, path: "", message: "larger than \(maximumJSONBytes >> 20) MiB")
    }
    var walk = ArrayWalk()
    let isTooDeep = json.withUnsafeBytes { bytes in
      for (place, byte) in bytes.enumerated() where !walk.step(byte, at: json.startIndex + place) {
        return true
      }
      return false
    }
    guard !isTooDeep else {
      throw CatalogueError(entry: nil, path: "", message: "nested deeper than \(maximumJSONDepth) levels")
    }
    return walk.plainElements
  }

  /// Finds the elements of an array by its brackets, commas and quotes, without understanding more.
  private struct ArrayWalk {
    /// Elements that are told apart at most; an array of more is read whole.
    private static let maximumElements = 1_000_000
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var isArray = false
    private var isOver = false
    /// Something stands outside the array, or an element is empty.
    private var isOdd = false
    private var elements: [Range<Int>] = []
    private var start = 0
    private var isEmpty = true

    var plainElements: [Range<Int>]? { isArray && isOver && !isOdd ? elements : nil }

    /// Takes a byte; false when the text is nested too deep.
    mutating func step(_ byte: UInt8, at place: Int) -> Bool {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5C {
          isEscaped = true
        } else if byte == 0x22 {
          isInString = false
        }
        return true
      }
      if CatalogueEntry.isBlank(byte) { return true }
      if isOver || depth == 0 && byte != 0x5B { isOdd = true }
      switch byte {
      case 0x22:
        isInString = true
        isEmpty = false
      case 0x5B, 0x7B:
        depth += 1
        if depth == 1 {
          isArray = byte == 0x5B
          start = place + 1
        } else {
          isEmpty = false
        }
        return depth <= CatalogueEntry.maximumJSONDepth
      case 0x5D, 0x7D:
        depth -= 1
        if depth == 0 {
          end(at: place)
          isOver = true
        }
      case 0x2C where depth == 1: end(at: place)
      default: isEmpty = false
      }
      return true
    }

    private mutating func end(at place: Int) {
      if isEmpty || elements.count == Self.maximumElements { isOdd = true }
      if isOdd { elements = [] } else { elements.append(start..<place) }
      start = place + 1
      isEmpty = true
    }
  }

  /// - Parameter first: what the first number of the path begins to count from.
  private static func path(of error: DecodingError, first: Int) -> String {
    let codingPath: [any CodingKey]
    switch error {
    case .keyNotFound(let key, let context): codingPath = context.codingPath + [key]
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      codingPath = context.codingPath
    @unknown default: codingPath = []
    }
    return codingPath.reduce(into: "") { path, key in
      if let index = key.intValue {
        path += "[\(path.isEmpty ? index + first : index)]"
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
