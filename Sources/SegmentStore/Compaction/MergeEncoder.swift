// Owns writing the planned rows of one dataset into a segment, column by column.
// Invariants: values are carried over unchanged; every row names its own commit; memory holds one partition of blocks.
// Does not decide the order of rows (MergePlan).

/// What an output segment has to say of its rows.
package struct MergedCommits {
  package var first = UInt64.max
  package var last: UInt64 = 0
  /// The last commit that superseded a row; 0 without history.
  package var historyEnd: UInt64 = 0
}

/// Encodes merged rows.
package final class MergeEncoder {
  /// Rows encoded before blocks are closed and written.
  private static let partitionRows = 65_536

  private let schema: DatasetSchema
  private let keyText: KeyText
  private let poolBytes: Int
  private let isThorough: Bool
  private let memo: PhraseMemo?
  /// Rows of a chunk from which on it is made small in any case: it will not be written again soon.
  private static let thoroughRows = 1 << 18
  /// Called between partitions with the bytes written last; throws to stop.
  private let pace: (Int) throws(StoreError) -> Void

  package init(
    schema: DatasetSchema, keyText: @escaping KeyText, poolBytes: Int, isThorough: Bool,
    memo: PhraseMemo? = nil, pace: @escaping (Int) throws(StoreError) -> Void
  ) {
    self.memo = memo
    self.schema = schema
    self.keyText = keyText
    self.poolBytes = poolBytes
    self.isThorough = isThorough
    self.pace = pace
  }

  /// Appends the rows to a segment.
  package func write(
    _ rows: MergedRows, from sources: [MergeSource], to writer: SegmentWriter, commits: inout MergedCommits
  ) throws(StoreError) {
    let firstRow = writer.nextIndexedRow
    if try !writeSmall(rows, from: sources, to: writer, commits: &commits) {
      try writeColumns(rows, from: sources, to: writer, commits: &commits)
    }
    if let firstRow { try index(rows, from: sources, to: writer, firstRow: firstRow) }
  }

  /// Adds the texts by which subjects are searched to the index.
  private func index(
    _ rows: MergedRows, from sources: [MergeSource], to writer: SegmentWriter, firstRow: UInt32
  ) throws(StoreError) {
    guard let place = schema.searchColumn else { return }
    let column = schema.columns[place]
    var cursors = sources.map {
      ColumnCursor($0.view.reader, $0.columns, id: column.id, type: column.type)
    }
    writer.beginIndex(of: schema.dataset, column: column.id)
    var row = 0
    for (key, count) in zip(rows.keys, rows.counts) {
      for _ in 0..<count {
        let source = rows.rows[row]
        if let text = try cursors[source.source].text(source.row, key: key) {
          try writer.addToIndex(text, key: key, row: firstRow + UInt32(row))
        }
        row += 1
        if row.isMultiple(of: 4096) { try pace(0) }
      }
    }
  }

  /// Whether more time is spent on making rows small.
  private func isSmallest(_ rows: MergedRows) -> Bool {
    isThorough || rows.rows.count >= Self.thoroughRows
  }

  private func writeColumns(
    _ rows: MergedRows, from sources: [MergeSource], to writer: SegmentWriter, commits: inout MergedCommits
  ) throws(StoreError) {
    let isHistory = !rows.superseded.isEmpty
    var columns: [MergedColumn] = []
    // The columns before leave the less for those behind.
    var memory = poolBytes
    for (place, column) in schema.columns.enumerated() {
      let merged = try MergedColumn(
        column, of: schema.dataset, sources: sources, rows: rows, poolBytes: max(1 << 18, memory),
        triesPhrases: isSmallest(rows), memo: memo,
        isName: place == schema.searchColumn, following: writer.subjectTexts)
      memory -= merged.retainedBytes
      columns.append(merged)
    }
    let owner = Owner(columns)
    let codes = try CodeRelations(columns, rows: rows)
    var references = try ColumnRelations.find(schema, sources: sources, rows: rows).merging(codes.references)
    { $1 }
    var others = references.filter { codes.maps[$0.key] == nil }
      .mapValues { MergedIntegers($0.column, sources: sources) }
    for column in columns {
      guard let subjects = column.subjects else { continue }
      references[column.column.id] = ColumnReference(column: subjects.followed, factor: 1)
    }
    try writer.begin(
      schema,
      dictionaries: columns.map { $0.plan?.dictionary ?? $0.book?.dictionary ?? $0.subjects?.dictionary },
      references: references, maps: codes.maps, owner: owner, isHistory: isHistory)
    var system = SystemColumn.always.map { MergedIntegers($0.rawValue, sources: sources) }
    var builders = makeBuilders(columns, references, isHistory: isHistory, isSmallest: isSmallest(rows))
    defer { for index in builders.indices { builders[index].deallocate() } }
    var run = RunPosition()
    var start = 0
    while start < rows.rows.count {
      let range = start..<min(rows.rows.count, start + Self.partitionRows)
      var partition = Partition(start: run)
      try appendSystem(range, rows, references, &system, &builders, &partition, &commits)
      let systemCount = builders.count - columns.count
      for (index, column) in columns.enumerated() {
        let reference = references[column.column.id]
        if let subjects = column.subjects {
          try append(range, rows, column, subjects, &builders[systemCount + index], &partition)
          continue
        }
        if let map = codes.maps[column.column.id], let source = codes.sources[column.column.id] {
          try appendMapped(
            range, rows, column, columns[source], map, &builders[systemCount + index], &partition)
          continue
        }
        try append(
          range, rows, column, reference, &others[column.column.id], &builders[systemCount + index],
          &partition)
      }
      let (keys, counts) = run.take(range.count, of: rows)
      let bytes = partition.arena.count
      for index in builders.indices { builders[index].restart() }
      try writer.append(
        EncodedPartition(
          arena: partition.arena, blocks: partition.blocks, rowCount: range.count, keys: keys, counts: counts)
      )
      try pace(bytes)
      start = range.upperBound
    }
  }

  /// Writes rows that are few into a bundle; false when they are not.
  private func writeSmall(
    _ rows: MergedRows, from sources: [MergeSource], to writer: SegmentWriter, commits: inout MergedCommits
  ) throws(StoreError) -> Bool {
    guard rows.rows.count <= SmallChunk.rowLimit else { return false }
    var cursors = sources.map { source in
      schema.columns.map { ColumnCursor(source.view.reader, source.columns, id: $0.id, type: $0.type) }
    }
    var system = SystemColumn.always.map { MergedIntegers($0.rawValue, sources: sources) }
    var small: [SmallRow] = []
    var bytes = 0
    var run = RunPosition()
    for (place, row) in rows.rows.enumerated() {
      let key = run.take(1, of: rows).keys[0]
      var cells: [RowPayload.Cell] = []
      for (index, column) in schema.columns.enumerated() {
        if column.type == .text {
          cells.append(
            try cursors[row.source][index].text(row.row, key: key).map { .text(Array($0)) } ?? .null)
        } else {
          cells.append(try cursors[row.source][index].integer(row.row).map { .integer($0) } ?? .null)
        }
      }
      let payload = RowPayload.encode(cells)
      bytes += payload.count
      guard SmallChunk.isSmall(rows: place + 1, bytes: bytes) else { return false }
      var values: [Int64] = []
      for index in system.indices { values.append(try system[index].value(row) ?? 0) }
      small.append(
        SmallRow(
          key: key,
          system: RowSystemValues(
            commit: UInt64(bitPattern: values[0]), batch: UInt64(bitPattern: values[1]),
            version: UInt32(clamping: values[2]), state: UInt8(clamping: values[3])),
          superseded: rows.superseded.isEmpty ? 0 : rows.superseded[place], payload: payload))
    }
    for row in small {
      commits.first = min(commits.first, row.system.commit)
      commits.last = max(commits.last, row.system.commit)
      commits.historyEnd = max(commits.historyEnd, row.superseded)
    }
    try writer.append(small: small, of: schema, isHistory: !rows.superseded.isEmpty, keyText: keyText)
    return true
  }

  private final class Owner {
    let columns: [MergedColumn]
    init(_ columns: [MergedColumn]) { self.columns = columns }
  }

  /// Where in the list of keys a partition starts.
  private struct RunPosition {
    var index = 0
    var used: UInt32 = 0

    /// The keys of the next rows with their counts.
    mutating func take(_ count: Int, of rows: MergedRows) -> (keys: [UInt128], counts: [UInt32]) {
      var keys: [UInt128] = []
      var counts: [UInt32] = []
      var left = UInt32(count)
      while left > 0 {
        let taken = min(left, rows.counts[index] - used)
        keys.append(rows.keys[index])
        counts.append(taken)
        left -= taken
        used += taken
        if used == rows.counts[index] {
          index += 1
          used = 0
        }
      }
      return (keys, counts)
    }
  }

  /// The blocks of one partition.
  private struct Partition {
    let start: RunPosition
    let arena = ByteArena(capacity: 1 << 20)
    var blocks: [PendingBlock] = []

    mutating func close(_ builder: inout ColumnBlockBuilder) {
      if let block = builder.close(into: arena) { blocks.append(block) }
    }
  }

  private func makeBuilders(
    _ columns: [MergedColumn], _ references: [UInt32: ColumnReference], isHistory: Bool, isSmallest: Bool
  ) -> [ColumnBlockBuilder] {
    let scratch = DictionaryScratch()
    let system = SystemColumn.always + (isHistory ? [.superseded] : [])
    var builders = system.map {
      ColumnBlockBuilder(
        column: $0.index, columnID: $0.rawValue, kind: .integers, scratch: scratch, compression: .hard,
        isRelative: references[$0.rawValue] != nil)
    }
    for column in columns {
      var kind = column.column.type == .text ? ColumnBlockBuilder.Kind.texts : .integers
      if let plan = column.plan { kind = .codes(holes: plan.dictionary.holes) }
      if let book = column.book { kind = .phrases(book) }
      if column.subjects != nil { kind = .subjectTexts }
      builders.append(
        ColumnBlockBuilder(
          column: builders.count, columnID: column.column.id, kind: kind, scratch: scratch,
          compression: .hard, isRelative: references[column.column.id] != nil, triesMultiples: isSmallest))
    }
    return builders
  }

  private func appendSystem(
    _ range: Range<Int>, _ rows: MergedRows, _ references: [UInt32: ColumnReference],
    _ system: inout [MergedIntegers], _ builders: inout [ColumnBlockBuilder], _ partition: inout Partition,
    _ commits: inout MergedCommits
  ) throws(StoreError) {
    for column in SystemColumn.always {
      let index = column.index
      // Among the engine's own columns the commit is the only one another may be relative to.
      let reference = references[column.rawValue]
      for place in range {
        let row = rows.rows[place]
        let value = try system[index].value(row) ?? 0
        if column == .commit {
          commits.first = min(commits.first, UInt64(bitPattern: value))
          commits.last = max(commits.last, UInt64(bitPattern: value))
        }
        if let reference {
          let commit = try system[SystemColumn.commit.index].value(row)
          builders[index].append(integer: value, relativeTo: reference.contribution(commit))
        } else {
          builders[index].append(integer: value)
        }
        if builders[index].isFull { partition.close(&builders[index]) }
      }
      partition.close(&builders[index])
    }
    guard !rows.superseded.isEmpty else { return }
    let index = SystemColumn.superseded.index
    for place in range {
      commits.historyEnd = max(commits.historyEnd, rows.superseded[place])
      builders[index].append(integer: Int64(bitPattern: rows.superseded[place]))
      if builders[index].isFull { partition.close(&builders[index]) }
    }
    partition.close(&builders[index])
  }

  private func append(
    _ range: Range<Int>, _ rows: MergedRows, _ column: MergedColumn, _ reference: ColumnReference?,
    _ other: inout MergedIntegers?, _ builder: inout ColumnBlockBuilder, _ partition: inout Partition
  ) throws(StoreError) {
    // Nothing is read from the place of a null.
    let place = UnsafeRawPointer(partition.arena.base)
    if builder.isText {
      try appendTexts(range, rows, column, &builder, &partition)
    } else if builder.isCoded {
      let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: TextTemplate.maximumHoles)
      defer { numbers.deallocate() }
      for index in range {
        if let code = try column.code(rows.rows[index], numbers: numbers) {
          builder.append(code: code)
          for hole in 0..<builder.holes { builder.set(number: numbers[hole], hole: hole) }
        } else {
          builder.appendNull(place: place)
        }
        if builder.isFull { partition.close(&builder) }
      }
    } else {
      for index in range {
        if let value = try column.integer(rows.rows[index]) {
          if let reference {
            let contribution = reference.contribution(try other?.value(rows.rows[index]))
            builder.append(integer: value, relativeTo: contribution)
          } else {
            builder.append(integer: value)
          }
        } else {
          builder.appendNull(place: place)
        }
        if builder.isFull { partition.close(&builder) }
      }
    }
    partition.close(&builder)
  }

  /// Appends texts that are those of their subjects, but for a few.
  private func append(
    _ range: Range<Int>, _ rows: MergedRows, _ column: MergedColumn, _ subjects: SubjectTextPlan,
    _ builder: inout ColumnBlockBuilder, _ partition: inout Partition
  ) throws(StoreError) {
    let place = UnsafeRawPointer(partition.arena.base)
    var run = partition.start
    for index in range {
      let key = rows.keys[run.index]
      if let text = try column.text(rows.rows[index], key: key) {
        let own = try subjects.ownCode(of: text, key: key)
        builder.append(code: own ?? 0, predicted: own == nil ? 0 : MappedCodeEncoding.unknown)
      } else {
        builder.appendNull(place: place)
      }
      if builder.isFull { partition.close(&builder) }
      run.used += 1
      if run.used == rows.counts[run.index] { run = RunPosition(index: run.index + 1) }
    }
    partition.close(&builder)
  }

  private func appendMapped(
    _ range: Range<Int>, _ rows: MergedRows, _ column: MergedColumn, _ other: MergedColumn, _ map: CodeMap,
    _ builder: inout ColumnBlockBuilder, _ partition: inout Partition
  ) throws(StoreError) {
    let place = UnsafeRawPointer(partition.arena.base)
    let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: TextTemplate.maximumHoles)
    defer { numbers.deallocate() }
    for index in range {
      if let code = try column.code(rows.rows[index], numbers: numbers) {
        let predicted = try other.code(rows.rows[index], numbers: numbers).flatMap { map.code(Int($0)) }
        builder.append(code: code, predicted: predicted ?? MappedCodeEncoding.unknown)
      } else {
        builder.appendNull(place: place)
      }
      if builder.isFull { partition.close(&builder) }
    }
    partition.close(&builder)
  }

  /// Texts are copied, because a block of a source may leave the cache before the block of the output is closed.
  private func appendTexts(
    _ range: Range<Int>, _ rows: MergedRows, _ column: MergedColumn, _ builder: inout ColumnBlockBuilder,
    _ partition: inout Partition
  ) throws(StoreError) {
    let texts = StableArena()
    let rendered = UnsafeMutableRawPointer.allocate(byteCount: CodedRow.maximumKeyTextBytes, alignment: 8)
    defer { rendered.deallocate() }
    let place = UnsafeRawPointer(partition.arena.base)
    var run = partition.start
    var keyCount = -1
    for index in range {
      let key = rows.keys[run.index]
      if let text = try column.text(rows.rows[index], key: key) {
        if keyCount < 0 { keyCount = keyText(key, rendered) }
        let isKey =
          text.count == keyCount && keyCount > 0
          && UnsafeRawBufferPointer(start: rendered, count: keyCount).elementsEqual(text)
        builder.append(text: texts.copy(text), count: text.count, isKey: isKey)
      } else {
        builder.appendNull(place: place)
      }
      if builder.isFull {
        partition.close(&builder)
        texts.removeAll()
      }
      run.used += 1
      if run.used == rows.counts[run.index] {
        run.index += 1
        run.used = 0
        keyCount = -1
      }
    }
    partition.close(&builder)
  }
}
