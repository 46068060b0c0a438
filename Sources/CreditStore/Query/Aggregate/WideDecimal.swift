// Owns the text of exact decimal sums and averages of up to 128 bits.
// Invariants: exact; averages have four more places than their item and are rounded half up (away from zero).

package enum WideDecimal {
  /// A scaled number as text; shortest without trailing zeros, or with all places.
  package static func text(_ units: Int128, scale: Int, isShortest: Bool) -> String {
    var digits = String(units.magnitude)
    if digits.utf8.count <= scale {
      digits = String(repeating: "0", count: scale + 1 - digits.utf8.count) + digits
    }
    var whole = Substring(digits.dropLast(scale))
    var places = Substring(digits.suffix(scale))
    if isShortest { while places.last == "0" { places.removeLast() } }
    if whole.isEmpty { whole = "0" }
    let sign = units < 0 ? "-" : ""
    return places.isEmpty ? sign + whole : sign + whole + "." + places
  }

  /// A sum divided by a count, with four more places than the item.
  package static func average(_ sum: Int128, _ count: Int, scale: Int) throws -> String {
    let (scaled, overflow) = sum.multipliedReportingOverflow(by: 10_000)
    guard !overflow else { throw CreditError("overflow", "a sum is too large to average") }
    let divisor = Int128(count)
    let magnitude = scaled.magnitude
    var quotient = magnitude / divisor.magnitude
    if magnitude % divisor.magnitude * 2 >= divisor.magnitude { quotient += 1 }
    let rounded = Int128(quotient)
    return text(sum < 0 ? -rounded : rounded, scale: scale + 4, isShortest: false)
  }
}
