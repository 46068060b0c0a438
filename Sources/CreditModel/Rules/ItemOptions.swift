// Owns the rule that an item's value is one of its options, or several of them (可选值).
// Invariants: options are compared byte for byte; an option that itself holds a separator counts where it is the whole value.
// Does not know files or rows.

/// The options of one item, ready to be looked up.
package struct ItemOptions: Sendable {
  private let options: Set<[UInt8]>
  private let allowsSeveral: Bool
  private static let separators: Set<Unicode.Scalar> = [";", "；", "、", ",", "，"]

  /// The options of an item; `nil` when it takes any value.
  package init?(_ item: CatalogueItem) {
    guard let options = item.options, item.type.isText else { return nil }
    self.options = Set(options.map { Array($0.utf8) })
    allowsSeveral = item.allowsSeveral == true
  }

  /// Whether a value is an option, or where several are allowed consists of them.
  ///
  /// - Parameter text: the value in UTF-8.
  package func allow(_ text: UnsafeRawBufferPointer) -> Bool {
    if options.contains(Array(text)) { return true }
    guard allowsSeveral else { return false }
    let parts = String(decoding: text, as: UTF8.self).unicodeScalars.split { Self.separators.contains($0) }
    return !parts.isEmpty
      && parts.allSatisfy { part in
        let word = String(String.UnicodeScalarView(part))
        return options.contains(
          Array(word.utf8.drop { $0 == 0x20 }.reversed().drop { $0 == 0x20 }.reversed()))
      }
  }
}
