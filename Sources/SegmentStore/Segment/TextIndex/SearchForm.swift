// Owns what the engine has to be told so that it can index texts: the form in which they are compared.
// Invariants: the form of a text depends on its bytes and the version alone; an index of another version is not asked.
// Does not know what the texts mean.

/// The form in which the texts of searched columns are compared (规范化形式).
public struct SearchForm: Sendable {
  /// Number of the rules; must change with them, because indexes on disk hold texts in this form.
  public var version: UInt32
  /// Appends the form of a text.
  public var normalize: @Sendable (_ text: UnsafeRawBufferPointer, _ target: inout [UInt8]) -> Void

  /// Takes a form.
  ///
  /// - Parameters:
  ///   - version: number of the rules.
  ///   - normalize: appends the form of a text to what the target holds.
  public init(
    version: UInt32, normalize: @escaping @Sendable (UnsafeRawBufferPointer, inout [UInt8]) -> Void
  ) {
    self.version = version
    self.normalize = normalize
  }
}
