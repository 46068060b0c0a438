// Owns the compact notation in which the built-in templates are written.
// Invariants: one line an item; a line that does not parse is a fault of this library and stops its tests.
// Does not hold any template itself.

/// Reads lines `id | name | type | required | aliases ; aliases`, where type is `text 200`, `decimal 18 6`, `date` …
enum ItemTable {
  static func items(_ table: String) -> [CatalogueItem] {
    table.split(separator: "\n").map { line in
      let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(trim)
      let words = cells[2].split(separator: " ")
      let type = ItemType(rawValue: String(words[0])) ?? .text
      var item = CatalogueItem(id: cells[0], name: cells[1], type: type, required: cells[3] == "required")
      if type == .decimal {
        item.precision = Int(words[1]) ?? 18
        item.scale = Int(words[2]) ?? 0
      } else if words.count > 1 {
        item.length = Int(words[1])
      }
      if cells.count > 4 { item.aliases = cells[4].split(separator: ";").map(trim) }
      return item
    }
  }

  private static func trim(_ text: some StringProtocol) -> String {
    var text = Substring(text)
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}

extension [CatalogueItem] {
  /// Changes one item of a template.
  mutating func change(_ id: String, _ body: (inout CatalogueItem) -> Void) {
    if let index = firstIndex(where: { $0.id == id }) { body(&self[index]) }
  }
}
