// Owns the folding of header spellings.
// Invariants: two spellings that differ only in width, case, blanks, bracket shape, or trailing punctuation fold alike.

/// Folds a header to the form in which spellings are compared.
package enum HeaderName {
  /// Width and brackets folded, blanks dropped, upper case, trailing colons and asterisks dropped.
  package static func folded(_ header: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in header.unicodeScalars {
      switch scalar.value {
      case 0xFF01...0xFF5E:
        if let half = Unicode.Scalar(scalar.value - 0xFEE0) { append(half, to: &scalars) }
      case 0x20, 0x09...0x0D, 0x3000, 0xA0, 0x200B, 0xFEFF: continue
      case 0x3014, 0x3010: scalars.append("(")
      case 0x3015, 0x3011: scalars.append(")")
      case 0x2014, 0x2013: scalars.append("-")
      default: append(scalar, to: &scalars)
      }
    }
    while let last = scalars.last, last == ":" || last == "*" { scalars.removeLast() }
    return String(scalars)
  }

  private static func append(_ scalar: Unicode.Scalar, to scalars: inout String.UnicodeScalarView) {
    scalars.append((0x61...0x7A).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value - 0x20)) : scalar)
  }
}
