// Owns finding members of a catalogue file that nothing reads: a misspelt "required" would leave an item optional without a word.
// Invariants: one walk over the bytes, with a stack no deeper than the reader allows; what is no JSON gives whatever was found until there.
// Does not refuse them: files of other platforms carry members of their own.

public import Foundation

extension CatalogueEntry {
  /// Members named in an answer at most.
  public static let maximumUnreadMembers = 100

  /// The paths of members that no part of an entry is read from (未识别的字段), in their order.
  ///
  /// ```swift
  /// CatalogueEntry.unreadMembers(json: Data(#"{"code": "T", "items": [{"id": "A", "requird": true}]}"#.utf8))
  /// // ["items[0].requird"]
  /// ```
  /// - Parameter json: a text that ``decode(json:)`` reads.
  /// - Returns: at most 100 paths, written as in ``CatalogueError``.
  public static func unreadMembers(json: Data) -> [String] {
    var walk = MemberWalk()
    json.withUnsafeBytes { bytes in walk.run(bytes) }
    return walk.unread
  }
}

/// The parts of an entry that have members.
private enum EntryPart {
  case entries, entry, items, item, rules, rule, clauses, clause, other

  /// What the members of an object are called; `nil` where any may stand.
  var members: Set<String>? {
    switch self {
    case .entry: Self.ofEntry
    case .item: Self.ofItem
    case .rule: ["id", "message", "require", "severity", "when"]
    case .clause: ["is", "item", "other", "to", "values"]
    default: nil
    }
  }

  /// What a member holds.
  func value(of member: String) -> EntryPart {
    switch (self, member) {
    case (.entry, "items"): .items
    case (.entry, "rules"): .rules
    case (.rule, "when"), (.rule, "require"): .clauses
    default: .other
    }
  }

  /// What an array holds.
  var element: EntryPart {
    switch self {
    case .entries: .entry
    case .items: .item
    case .rules: .rule
    case .clauses: .clause
    default: .other
    }
  }

  /// With the count that `credit catalogue list` adds.
  private static let ofEntry: Set<String> = [
    "basis", "category", "code", "effectiveFrom", "effectiveUntil", "eventDate", "invalidIdentifier", "items",
    "level", "name", "nature", "openness", "recordKey", "records", "region", "rules", "sharing",
    "sharingCondition", "subject", "subjectKinds", "subjectName", "subjectState", "summary", "units",
    "updateCycle", "version", "versionNote",
  ]
  private static let ofItem: Set<String> = [
    "aliases", "allowsSeveral", "id", "identifier", "identifierKindFrom", "length", "mask", "name",
    "openness",
    "options", "precision", "remarks", "required", "scale", "type",
  ]
}

/// Walks a JSON text by its brackets and quotes.
private struct MemberWalk {
  private struct Level {
    var part: EntryPart
    var isArray: Bool
    /// Place of the present element of an array.
    var index = 0
    /// Where the name of the present member of an object stands, with its quotes.
    var name = 0..<0
    var wantsName: Bool
    /// What begins now.
    var value: EntryPart
  }

  /// Bytes of a name that is known at most, and of one that is shown.
  private static let longestKnown = 40
  private static let longestShown = 100

  private(set) var unread: [String] = []
  private var levels: [Level] = []

  mutating func run(_ bytes: UnsafeRawBufferPointer) {
    var place = 0
    while place < bytes.count {
      switch bytes[place] {
      case 0x22:
        guard let end = Self.end(ofString: bytes, from: place + 1) else { return }
        if levels.last?.wantsName == true { take(name: place..<end + 1, bytes) }
        place = end
      case 0x7B, 0x5B:
        guard levels.count < CatalogueEntry.maximumJSONDepth else { return }
        open(isArray: bytes[place] == 0x5B)
      case 0x7D, 0x5D: _ = levels.popLast()
      case 0x2C:
        guard let last = levels.indices.last else { break }
        levels[last].wantsName = !levels[last].isArray
        levels[last].index += 1
      default: break
      }
      place += 1
    }
  }

  /// The closing quote of a string.
  private static func end(ofString bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var place = start
    while place < bytes.count {
      if bytes[place] == 0x22 { return place }
      place += bytes[place] == 0x5C ? 2 : 1
    }
    return nil
  }

  private mutating func open(isArray: Bool) {
    var part = levels.last?.value ?? .entries
    // A file may hold one entry without an array.
    if part == .entries, !isArray { part = .entry }
    levels.append(
      Level(part: part, isArray: isArray, wantsName: !isArray, value: isArray ? part.element : .other))
  }

  /// Takes the name of a member, with its quotes.
  private mutating func take(name range: Range<Int>, _ bytes: UnsafeRawBufferPointer) {
    let last = levels.count - 1
    levels[last].wantsName = false
    levels[last].name = range
    levels[last].value = .other
    guard let known = levels[last].part.members else { return }
    if range.count <= Self.longestKnown {
      let name = Self.text(range, bytes)
      levels[last].value = levels[last].part.value(of: name)
      if known.contains(name) { return }
    }
    if unread.count < CatalogueEntry.maximumUnreadMembers { unread.append(path(bytes)) }
  }

  /// Where the walk stands.
  private func path(_ bytes: UnsafeRawBufferPointer) -> String {
    levels.reduce(into: "") { path, level in
      if level.isArray {
        path += "[\(level.index)]"
      } else {
        path += (path.isEmpty ? "" : ".") + Self.text(level.name, bytes).prefix(Self.longestShown)
      }
    }
  }

  /// The text of a name; of a long one its beginning, as it is written.
  private static func text(_ range: Range<Int>, _ bytes: UnsafeRawBufferPointer) -> String {
    let quoted = UnsafeRawBufferPointer(rebasing: bytes[range.prefix(4 * longestShown)])
    if range.count <= quoted.count, quoted.contains(0x5C),
      let decoded = try? JSONDecoder().decode(String.self, from: Data(quoted))
    {
      return decoded
    }
    return String(decoding: quoted.dropFirst().filter { $0 != 0x22 }, as: UTF8.self)
  }
}
