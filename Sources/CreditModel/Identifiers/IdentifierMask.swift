// Owns the masking of identifiers and other personal texts.
// Invariants: a masked text never shows more characters than asked for; short texts are masked whole.
// Does not decide who may see what.

/// How many characters of a text stay visible (掩码规则).
///
/// ```swift
/// Mask(leading: 6, trailing: 4).apply(to: "130302199001010016")   // "130302********0016"
/// ```
public struct Mask: Hashable, Sendable {
  /// Characters left visible at the start.
  public let leading: Int
  /// Characters left visible at the end.
  public let trailing: Int

  /// Citizen identity numbers: the division and the last four places.
  public static let citizenIdentityNumber = Mask(leading: 6, trailing: 4)

  /// Makes a mask; negative numbers count as zero.
  public init(leading: Int, trailing: Int) {
    self.leading = max(0, leading)
    self.trailing = max(0, trailing)
  }

  /// Replaces all but the visible characters by asterisks; texts not longer than what would stay visible are
  /// replaced whole.
  public func apply(to text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    let (visible, overflow) = leading.addingReportingOverflow(trailing)
    guard !overflow, scalars.count > visible else { return String(repeating: "*", count: scalars.count) }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars.prefix(leading))
    result.append(contentsOf: repeatElement("*", count: scalars.count - visible))
    result.append(contentsOf: scalars.suffix(trailing))
    return String(result)
  }
}
