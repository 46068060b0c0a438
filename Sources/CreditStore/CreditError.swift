// Owns the error type of the store above the engine.
// Invariants: a stable code for programs, a message for people, and the place; identifiers in messages are masked.

import CreditModel
import SegmentStore

/// An error of the credit store.
///
/// ```swift
/// catch let error as CreditError where error.code == "unknownEntry" { … }
/// ```
public struct CreditError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Stable word for programs.
  public let code: String
  /// What happened and what to do.
  public let message: String
  /// The file at fault.
  public var file: String?
  /// The row at fault, from 1.
  public var row: Int?
  /// The item at fault.
  public var item: String?
  /// The offset in a file or text, in bytes from 0.
  public var offset: Int64?

  /// Makes an error.
  public init(
    _ code: String, _ message: String, file: String? = nil, row: Int? = nil, item: String? = nil,
    offset: Int64? = nil
  ) {
    self.code = code
    self.message = message
    self.file = file
    self.row = row
    self.item = item
    self.offset = offset
  }

  /// Wraps an error of the layers below.
  public init(wrapping error: any Error) {
    switch error {
    case let error as CreditError: self = error
    case let error as StoreError:
      self.init(error.code.rawValue, error.message, file: error.file, offset: error.offset)
    case let error as CatalogueError: self.init("invalidCatalogue", error.description)
    case let error as ItemError: self.init("invalidValue", error.message, item: error.item)
    case let error as IdentifierError: self.init("invalidIdentifier", error.description)
    case let error as CalendarError: self.init("calendarMissing", error.message)
    case let error as RulesError: self.init(error.code, error.message)
    case is CancellationError: self.init("cancelled", "cancelled; nothing changed")
    default: self.init("failed", "\(error)")
    }
  }

  /// Message and place in one line.
  public var description: String {
    var places: [String] = []
    if let file { places.append("file \(file)") }
    if let row { places.append("row \(row)") }
    if let item { places.append("item \(item)") }
    if let offset { places.append("offset \(offset)") }
    return places.isEmpty ? message : message + " (" + places.joined(separator: ", ") + ")"
  }
}
