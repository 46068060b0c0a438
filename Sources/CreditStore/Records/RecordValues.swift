// Owns the values of one record as callers see them.
// Invariants: as many as the entry has items, in their order; immutable. The records of a subject share one stretch of memory.
// Does not know names of items.

public import CreditModel

/// The values of a record by position of the item; `nil` = absent.
///
/// A value is made when it is asked for; ``withUTF8(_:_:)`` reads a text where it lies.
///
/// ```swift
/// for (item, value) in zip(record.entry.items, record.values) { print(item.name, value?.canonicalText ?? "-") }
/// ```
public struct RecordValues: RandomAccessCollection, Sendable {
  private let shared: RecordCells
  private let first: Int
  /// Items of the entry.
  public let count: Int

  /// Some of the values that records share.
  init(_ shared: RecordCells, first: Int, count: Int) {
    precondition(
      first >= 0 && count >= 0 && first + count <= shared.count, "values outside what records share")
    self.shared = shared
    self.first = first
    self.count = count
  }

  /// Position of the first item.
  public var startIndex: Int { 0 }
  /// Position behind the last item.
  public var endIndex: Int { count }

  /// The value of an item; `nil` = absent.
  public subscript(position: Int) -> Value? { shared.value(place(position)) }

  /// The number the store keeps for an item that is no text; `nil` = absent, or a text.
  func storedNumber(_ position: Int) -> Int64? { shared.storedNumber(place(position)) }

  /// Reads the text of an item without copying it.
  ///
  /// ```swift
  /// let bytes = record.values.withUTF8(2) { $0.count } ?? 0
  /// ```
  ///
  /// - Parameters:
  ///   - position: the item, from 0.
  ///   - body: gets the UTF-8 bytes, which are valid while it runs.
  /// - Returns: what the body returns; `nil` where the item is absent, or no text.
  /// - Throws: what the body throws.
  public func withUTF8<Result, Failure: Error>(
    _ position: Int, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result? {
    try shared.withText(place(position), body)
  }

  private func place(_ position: Int) -> Int {
    precondition(position >= 0 && position < count, "an entry has no item at position \(position)")
    return first + position
  }
}
