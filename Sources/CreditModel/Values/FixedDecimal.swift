// Owns the fixed-point decimal number of catalogue items.
// Invariants: at most 18 digits in all, scale 0 to 18; arithmetic never rounds in silence.
// Does not know currencies or units (万元 is the item's business).

/// A decimal number as scaled integer (定点小数), for amounts that must not be rounded.
///
/// ```swift
/// FixedDecimal("0.2", scale: 6)?.units         // 200000
/// FixedDecimal(units: 200_000, scale: 6).description   // "0.2"
/// ```
public struct FixedDecimal: Hashable, Sendable, CustomStringConvertible {
  /// The largest magnitude in units of the last place: 18 digits.
  public static let maximumUnits: Int64 = 999_999_999_999_999_999

  /// The number times ten to the power of `scale`.
  public let units: Int64
  /// Number of decimal places, 0 to 18.
  public let scale: Int

  /// Takes a scaled integer.
  public init(units: Int64, scale: Int) {
    self.units = units
    self.scale = min(max(scale, 0), 18)
  }

  /// Reads a decimal number; `nil` when it is none, needs more places than `scale` or more than 18 digits.
  ///
  /// Accepts a sign, thousands separators in groups of three, full-width digits; trailing zeros beyond the scale
  /// are harmless. Exponents are refused: they are what spreadsheets make of damaged numbers.
  public init?(_ text: some StringProtocol, scale: Int) {
    var text = String(text)
    guard let units = text.withUTF8({ NumberForms.decimal($0.span, scale: scale) }) else { return nil }
    self.init(units: units, scale: scale)
  }

  /// The shortest exact form: no trailing zeros, no exponent, at least one digit before the point.
  public var description: String {
    var magnitude = units.magnitude
    var places = scale
    while places > 0, magnitude.isMultiple(of: 10) {
      magnitude /= 10
      places -= 1
    }
    var text = String(magnitude)
    if places > 0 {
      if text.utf8.count <= places {
        text = String(repeating: "0", count: places + 1 - text.utf8.count) + text
      }
      text.insert(".", at: text.index(text.endIndex, offsetBy: -places))
    }
    return units < 0 ? "-" + text : text
  }
}
