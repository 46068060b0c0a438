// Owns telling which states the rows of a dataset may have, without putting its columns together: counting over tens of thousands of datasets asks nothing else.
// Invariants: as exact as the directory: the bounds hold every state there is.
// Does not know what a state means.

extension SegmentReader {
  /// Bounds of the states that rows of a chunk have.
  package func stateBounds(of chunk: DatasetChunk) throws(StoreError) -> ClosedRange<Int64> {
    if let known = knownColumns(of: chunk) {
      guard let bounds = Self.bounds(known.column(SystemColumn.state.rawValue)) else {
        throw missingState(chunk)
      }
      return bounds
    }
    if let place = chunk.place {
      let bundle = try bundle(chunk.columns)
      defer { withExtendedLifetime(bundle) {} }
      return try SmallChunk.states(
        bundle.buffer, at: Int(place), rowCount: Int(chunk.rowCount), columnCount: Int(chunk.columnCount)
      ) {
        StoreError.damaged($0, file: blocks.name, offset: chunk.columns.offset)
      }
    }
    // The engine's columns stand first.
    let first = try columnDirectory(chunk, chunk.columns, limit: SystemColumn.state.index + 1)
    guard let bounds = Self.bounds(first.last), first.last?.id == SystemColumn.state.rawValue else {
      throw missingState(chunk)
    }
    return bounds
  }

  private static func bounds(_ column: ColumnEntry?) -> ClosedRange<Int64>? {
    guard let column, let minimum = column.blocks.map(\.minimum).min(),
      let maximum = column.blocks.map(\.maximum).max(), minimum <= maximum
    else { return nil }
    return minimum...maximum
  }

  private func missingState(_ chunk: DatasetChunk) -> StoreError {
    .damaged("a dataset has no states", file: blocks.name, offset: chunk.columns.offset)
  }
}
