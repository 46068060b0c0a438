// Owns the one error type of the engine.
// Invariants: names the file and, for damage, the offset; texts never hold cell values or identifiers.

/// An error of the storage engine, with a code callers can branch on.
///
/// ```swift
/// do { … } catch let error as StoreError where error.code == .locked { print(error) }
/// ```
public struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of error it is.
  public enum Code: String, Sendable, Codable {
    /// A system call failed.
    case inputOutput
    /// There is no space left on the device.
    case diskFull
    /// The file or folder does not exist.
    case notFound
    /// Permission was refused.
    case permission
    /// Bytes on disk are not what was written.
    case damaged
    /// The folder is not a store.
    case notAStore
    /// A store exists where a new one was to be made.
    case alreadyExists
    /// The store was written by a newer version of this library.
    case newerVersion
    /// Another process holds the store for writing.
    case locked
    /// An earlier failure stopped all writing; reopen the store.
    case writePoisoned
    /// The store was opened for reading only.
    case readOnly
    /// The store was closed.
    case closed
    /// A published limit was exceeded.
    case limit
    /// The arguments contradict each other or the store.
    case invalidArgument
    /// The caller cancelled.
    case cancelled
  }

  /// The kind of error.
  public let code: Code
  /// What happened and what to do.
  public let message: String
  /// The file at fault, relative to the store where possible.
  public let file: String?
  /// The offset of the damage in bytes.
  public let offset: Int64?

  /// Makes an error.
  public init(_ code: Code, _ message: String, file: String? = nil, offset: Int64? = nil) {
    self.code = code
    self.message = message
    self.file = file
    self.offset = offset
  }

  /// Damage at a place.
  package static func damaged(_ message: String, file: String, offset: Int64) -> StoreError {
    StoreError(.damaged, message, file: file, offset: offset)
  }

  /// Message, file and offset in one line.
  public var description: String {
    var text = message
    if let file { text += " (file \(file)" + (offset.map { ", offset \($0)" } ?? "") + ")" }
    return text
  }
}
