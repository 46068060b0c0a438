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
    /// Path of the value that begins now.
    var path: String
    var wantsName: Bool
    var value: EntryPart
  }

  private(set) var unread: [String] = []
  private var levels: [Level] = []

  mutating func run(_ bytes: UnsafeRawBufferPointer) {
    var place = 0
    while place < bytes.count {
      switch bytes[place] {
      case 0x22:
        guard let end = Self.end(ofString: bytes, from: place + 1) else { return }
        if let level = levels.last, level.wantsName {
          name(UnsafeRawBufferPointer(rebasing: bytes[place...end]))
        }
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
    var path = levels.last?.path ?? ""
    if let level = levels.last, level.isArray { path += "[\(level.index)]" }
    // A file may hold one entry without an array.
    if part == .entries, !isArray { part = .entry }
    levels.append(
      Level(
        part: part, isArray: isArray, path: path, wantsName: !isArray, value: isArray ? part.element : .other)
    )
  }

  /// Takes the name of a member, with its quotes.
  private mutating func name(_ quoted: UnsafeRawBufferPointer) {
    let last = levels.count - 1
    levels[last].wantsName = false
    let decoded = quoted.contains(0x5C) ? try? JSONDecoder().decode(String.self, from: Data(quoted)) : nil
    let name = decoded ?? String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
    // The path of the object stays in front of the name of each of its members.
    let outer = levels.dropLast().last
    let object = (outer?.path ?? "") + (outer.map { $0.isArray ? "[\($0.index)]" : "" } ?? "")
    levels[last].path = object.isEmpty ? name : object + "." + name
    levels[last].value = levels[last].part.value(of: name)
    guard let known = levels[last].part.members, !known.contains(name),
      unread.count < CatalogueEntry.maximumUnreadMembers
    else { return }
    unread.append(levels[last].path)
  }
}
