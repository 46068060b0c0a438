// Owns the values of one record as callers see them.
// Invariants: as many as the entry has items, in their order; immutable. The records of a subject share one stretch of memory.
// Does not know names of items.

public import CreditModel

/// The values of a record by position of the item; `nil` = absent.
///
/// ```swift
/// for (item, value) in zip(record.entry.items, record.values) { print(item.name, value?.canonicalText ?? "-") }
/// ```
public struct RecordValues: RandomAccessCollection, Sendable {
  private let shared: [Value?]
  private let first: Int
  /// Items of the entry.
  public let count: Int

  /// Some of the values that records share.
  package init(_ shared: [Value?], first: Int, count: Int) {
    precondition(
      first >= 0 && count >= 0 && first + count <= shared.count, "values outside what records share")
    self.shared = shared
    self.first = first
    self.count = count
  }

  /// The values of one record.
  package init(_ values: [Value?]) { self.init(values, first: 0, count: values.count) }

  /// Position of the first item.
  public var startIndex: Int { 0 }
  /// Position behind the last item.
  public var endIndex: Int { count }

  /// The value of an item; `nil` = absent.
  public subscript(position: Int) -> Value? {
    precondition(position >= 0 && position < count, "an entry has no item at position \(position)")
    return shared[first + position]
  }
}
