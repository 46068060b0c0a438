// Owns the validation of an entry itself.
// Invariants: an entry that passes can be collected into without a trap, whatever it says.
// Does not compare versions of an entry.

extension CatalogueEntry {
  /// The most items an entry may have.
  public static let maximumItems = 4096

  /// Checks that the entry is consistent.
  ///
  /// - Throws: `CatalogueError` for the first fault found, naming its place.
  public func validate() throws(CatalogueError) {
    try check(isCode(code), "code", "must be 1 to 64 letters, digits, '-', '_' or '.'")
    try check(!name.isEmpty && name.utf8.count <= 1024, "name", "must be 1 to 1024 bytes")
    try check((1...1_000_000).contains(version), "version", "must lie between 1 and 1000000")
    try check(
      (1...Self.maximumItems).contains(items.count), "items", "must be 1 to \(Self.maximumItems) items")
    try check(units.count <= 10_000, "units", "at most 10000 units")
    try validateDescription()
    var seen: Set<String> = []
    for (index, item) in items.enumerated() {
      try validate(item, at: "items[\(index)]")
      try check(seen.insert(item.id).inserted, "items[\(index)].id", "the id stands twice")
    }
    try check(!subject.isEmpty && subject.count <= 32, "subject", "must name 1 to 32 items")
    for (index, id) in subject.enumerated() {
      let item = items.first { $0.id == id }
      try check(item != nil, "subject[\(index)]", "no such item")
      try check(item?.type.isText == true, "subject[\(index)]", "must be an item of type text or code")
    }
    try check(Set(subject).count == subject.count, "subject", "an item stands twice")
    for (index, id) in recordKey.enumerated() {
      try check(seen.contains(id), "recordKey[\(index)]", "no such item")
    }
    try check(recordKey.count <= 32, "recordKey", "at most 32 items")
    try check(Set(recordKey).count == recordKey.count, "recordKey", "an item stands twice")
    if let subjectName { try check(seen.contains(subjectName), "subjectName", "no such item") }
    if let subjectState { try check(seen.contains(subjectState), "subjectState", "no such item") }
    try validateRules()
    if let eventDate {
      let type = items.first { $0.id == eventDate }?.type
      try check(type != nil, "eventDate", "no such item")
      try check(
        type == .date || type == .timestamp || type == .month, "eventDate",
        "must be a date, timestamp or month")
    }
  }

  private func validateDescription() throws(CatalogueError) {
    for (path, text) in [
      ("summary", summary ?? ""), ("sharingCondition", sharingCondition ?? ""),
      ("versionNote", versionNote ?? ""),
    ] {
      try check(text.utf8.count <= 16_384, path, "at most 16384 bytes")
    }
    if let region {
      let isDivision = region.utf8.count == 6 && region.utf8.allSatisfy { (0x30...0x39).contains($0) }
      try check(isDivision, "region", "must be the six digits of a division")
    }
    if let effectiveFrom, let effectiveUntil {
      try check(effectiveFrom <= effectiveUntil, "effectiveUntil", "lies before effectiveFrom")
    }
  }

  private func validate(_ item: CatalogueItem, at path: String) throws(CatalogueError) {
    try check(!item.id.isEmpty && item.id.utf8.count <= 256, path + ".id", "must be 1 to 256 bytes")
    try check(!item.id.hasPrefix("$"), path + ".id", "may not start with '$'")
    try check(!item.id.utf8.contains { $0 < 0x20 }, path + ".id", "may not hold control characters")
    try check(item.name.utf8.count <= 4096, path + ".name", "at most 4096 bytes")
    try check(item.aliases.count <= 256, path + ".aliases", "at most 256 aliases")
    if let length = item.length {
      try check((1...16 << 20).contains(length), path + ".length", "must be 1 to 16777216")
    }
    if item.type == .decimal {
      try check((1...18).contains(item.precision), path + ".precision", "must be 1 to 18")
      try check((0...item.precision).contains(item.scale), path + ".scale", "must be 0 to the precision")
    }
    if item.identifier != nil {
      try check(item.type.isText, path + ".identifier", "only items of type text or code hold identifiers")
    }
    if let source = item.identifierKindFrom {
      let type = items.first { $0.id == source }?.type
      try check(
        type?.isText == true, path + ".identifierKindFrom", "must be another item of type text or code")
    }
    try check((item.remarks?.utf8.count ?? 0) <= 16_384, path + ".remarks", "at most 16384 bytes")
    if let options = item.options {
      try check(item.type.isText, path + ".options", "only items of type text or code have options")
      try check((1...10_000).contains(options.count), path + ".options", "must be 1 to 10000 values")
      for (index, option) in options.enumerated() {
        try check(option.utf8.count <= 1024, path + ".options[\(index)]", "at most 1024 bytes")
        // What a cell with it would be read as: a marker for a missing value is none, blanks at the ends go.
        var read = CatalogueItem(id: item.id, type: item.type)
        read.length = item.length
        let value = (try? read.value(reading: option)) ?? nil
        try check(
          value == .text(option), path + ".options[\(index)]",
          "no cell has this value: it means a missing one, has blanks at its ends or is too long")
      }
    } else {
      try check(item.allowsSeveral == nil, path + ".allowsSeveral", "needs options")
    }
    if let mask = item.mask {
      let isPair = mask.count == 2 && mask.allSatisfy { (0...1024).contains($0) }
      try check(isPair, path + ".mask", "must be two numbers from 0 to 1024")
    }
  }

  private func check(
    _ holds: Bool, _ path: @autoclosure () -> String, _ message: @autoclosure () -> String
  ) throws(CatalogueError) {
    guard holds else { throw CatalogueError(entry: code, path: path(), message: message()) }
  }

  private func isCode(_ code: String) -> Bool {
    (1...64).contains(code.utf8.count)
      && code.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || $0.properties.numericType != nil || "-_.".unicodeScalars.contains($0)
      }
  }
}
