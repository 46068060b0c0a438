// Owns the choice of a layout for a file by its whole header.
// Invariants: at most one column per item; two layouts that read the same header differently with equal right are
// refused with both readings; columns that are not items are remembered and ignored.
// Does not read rows.

/// How the columns of one file map to the items of an entry (表头识别结果).
package struct HeaderRecognition: Sendable {
  /// Name of the layout.
  package let layout: String
  /// For each column the index of its item, or `nil` for a column that is no item.
  package let itemOfColumn: [Int?]
  /// Columns whose cells are appended to the value of another column's item.
  package let joinedColumns: [(column: Int, item: Int)]
  /// Items the file has a column for.
  package let presentItems: Set<Int>
  /// The column with the status of the 2015 layout, where the file has that.
  package let status2015: Int?
  /// The item with the number of an identity card in the 2015 layout, which has no column for the kind of document, and the item of that kind.
  package let identityCard2015: (number: Int, kind: Int)?

  /// The most columns a file may have.
  package static let maximumColumns = 4096

  /// Recognises a header.
  ///
  /// - Throws: `HeaderError` that names the missing, doubled or ambiguous columns.
  package static func recognize(_ header: [String], for entry: CatalogueEntry) throws(HeaderError)
    -> HeaderRecognition
  {
    guard header.count <= maximumColumns else {
      throw HeaderError(message: "\(header.count) columns; at most \(maximumColumns) are allowed")
    }
    let folded = header.map(HeaderName.folded)
    let readings = HeaderLayout.layouts(for: entry).map { layout in
      (layout: layout, items: zip(header, folded).map { layout.exact[$0] ?? layout.columns[$1] })
    }
    // An older layout counts only where the file has half of its items: a few columns fit any layout.
    let scores = readings.enumerated().map { index, reading -> Int in
      let found = Set(reading.items.compactMap(\.self)).count
      let isCarried = index == 0 || found * 2 >= Set(reading.layout.columns.values).count
      return isCarried ? reading.items.count { $0 != nil } : 0
    }
    let best = scores.max() ?? 0
    guard best > 0 else {
      throw HeaderError(
        message:
          "none of the \(header.count) columns of the first row is an item of \(entry.code); is the header missing?"
      )
    }
    // A layout that needs columns this file lacks is a weaker reading than one that is complete.
    let leaders = readings.indices.filter { scores[$0] == best }
    let complete = leaders.filter { missing(readings[$0].layout, readings[$0].items).isEmpty }
    let chosen = complete.isEmpty ? leaders : complete
    guard let first = chosen.first else { throw HeaderError(message: "no layout fits") }
    for other in chosen.dropFirst() where readings[other].items != readings[first].items {
      throw ambiguity(header, readings[first], readings[other], entry)
    }
    return try check(readings[first].layout, readings[first].items, header, entry)
  }

  /// Headers of the columns that are no items and are joined to none; those without a header are not named.
  package func ignoredColumns(of header: [String]) -> [String] {
    let joined = Set(joinedColumns.map(\.column))
    return header.indices.filter { itemOfColumn[$0] == nil && !joined.contains($0) && $0 != status2015 }.map {
      header[$0]
    }
    .filter { !HeaderName.folded($0).isEmpty }
  }

  /// The items that columns are, as far as anything tells: of a header that is recognised those, of another those of its columns that have an item's name.
  ///
  /// - Returns: for each column the index of its item, or `nil`.
  package static func items(of header: [String], for entry: CatalogueEntry) -> [Int?] {
    if let known = try? recognize(header, for: entry) { return known.itemOfColumn }
    let layouts = HeaderLayout.layouts(for: entry)
    return header.map { name in
      layouts.lazy.compactMap { $0.exact[name] ?? $0.columns[HeaderName.folded(name)] }.first
    }
  }

  private static func check(
    _ layout: HeaderLayout, _ items: [Int?], _ header: [String], _ entry: CatalogueEntry
  ) throws(HeaderError) -> HeaderRecognition {
    for (column, name) in header.enumerated() where layout.exact[name] == nil {
      guard let (one, other) = layout.ambiguous[HeaderName.folded(name)] else { continue }
      throw HeaderError(
        message:
          "the header is ambiguous: column \(column + 1) ('\(name)') is \(entry.items[one].id) as well as "
          + "\(entry.items[other].id); use the item ids of \(entry.code)")
    }
    var columnOfItem: [Int: Int] = [:]
    for (column, item) in items.enumerated() {
      guard let item else { continue }
      if let other = columnOfItem[item] {
        throw HeaderError(
          message:
            "columns \(other + 1) and \(column + 1) ('\(header[other])', '\(header[column])') both are item "
            + entry.items[item].id)
      }
      columnOfItem[item] = column
    }
    let absent = missing(layout, items).sorted().map { "\(entry.items[$0].id) (\(entry.items[$0].name))" }
    guard absent.isEmpty else {
      throw HeaderError(message: "missing columns: \(absent.joined(separator: ", "))")
    }
    let subjects = entry.subject.compactMap(entry.itemIndex)
    guard subjects.contains(where: { columnOfItem[$0] != nil }) else {
      throw HeaderError(
        message: "no column identifies the subject; one of \(entry.subject.joined(separator: ", ")) is needed"
      )
    }
    let joined = header.enumerated().compactMap { column, name in
      layout.joined[HeaderName.folded(name)].map { (column: column, item: $0) }
    }
    let is2015 = layout.name == HeaderLayout.name2015
    return HeaderRecognition(
      layout: layout.name, itemOfColumn: items, joinedColumns: joined, presentItems: Set(columnOfItem.keys),
      status2015: is2015
        ? header.firstIndex { LegacyHeaders.status2015.contains(HeaderName.folded($0)) } : nil,
      identityCard2015: is2015 ? identityCard(entry, columnOfItem) : nil)
  }

  private static func identityCard(
    _ entry: CatalogueEntry, _ columnOfItem: [Int: Int]
  ) -> (number: Int, kind: Int)? {
    let number = LegacyHeaders.identityCards2015.lazy.compactMap(entry.itemIndex).first {
      columnOfItem[$0] != nil
    }
    guard let number, let kind = entry.items[number].identifierKindFrom.flatMap(entry.itemIndex),
      columnOfItem[kind] == nil, entry.items[kind].type.isText
    else { return nil }
    return (number, kind)
  }

  private static func missing(_ layout: HeaderLayout, _ items: [Int?]) -> Set<Int> {
    layout.required.subtracting(items.compactMap(\.self))
  }

  private static func ambiguity(
    _ header: [String], _ first: (layout: HeaderLayout, items: [Int?]),
    _ second: (layout: HeaderLayout, items: [Int?]), _ entry: CatalogueEntry
  ) -> HeaderError {
    let column = zip(first.items, second.items).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
    func reading(_ reading: (layout: HeaderLayout, items: [Int?])) -> String {
      let item = reading.items[column].map { entry.items[$0].id } ?? "no item"
      return "\(item) in layout \(reading.layout.name)"
    }
    return HeaderError(
      message: "the header is ambiguous: column \(column + 1) ('\(header[column])') is \(reading(first)) but "
        + "\(reading(second)); add a column that only one of them has, or use the item ids of \(entry.code)")
  }
}

/// A header that fits no layout, or more than one.
package struct HeaderError: Error, Sendable {
  /// What is wrong, naming columns and items.
  package let message: String
}
