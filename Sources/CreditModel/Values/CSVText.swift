// Owns writing a cell as CSV text (RFC 4180).
// Invariants: quotes are found as scalars, not as what looks like one character: a quote with an accent on it is a quote to whoever reads the file.
// Does not read.

package enum CSVText {
  /// A cell in quotes.
  package static func quoted(_ cell: String) -> String {
    var text = "\""
    for scalar in cell.unicodeScalars {
      if scalar == "\"" { text.unicodeScalars.append(scalar) }
      text.unicodeScalars.append(scalar)
    }
    // Appended as a scalar: behind an accent it would be a part of another character.
    text.unicodeScalars.append("\"")
    return text
  }

  /// A cell, in quotes only where it must be.
  package static func cell(_ cell: String) -> String {
    cell.unicodeScalars.contains { "\",\r\n".unicodeScalars.contains($0) } ? quoted(cell) : cell
  }
}
