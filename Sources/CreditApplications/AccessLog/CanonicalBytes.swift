// Owns writing values as bytes for a hash.
// Invariants: every text stands with its length, every list with its number, absence with a mark of its own, so that no two different values give the same
// bytes. The form is part of what is issued and logged, and never changes.

import CreditModel

struct CanonicalBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ text: String?) {
    guard var text else { return bytes.append(0) }
    text.withUTF8 { utf8 in
      let count = UInt64(utf8.count)
      bytes.append(1)
      for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: count >> (8 * UInt64(place)))) }
      bytes += utf8
    }
  }

  mutating func append(_ day: Day?) { append(day?.description) }

  mutating func append(_ number: some BinaryInteger) { append(String(number)) }

  mutating func append(_ flag: Bool) { append(flag ? "1" : "0") }

  mutating func append<Value>(_ list: [Value], _ body: (inout CanonicalBytes, Value) -> Void) {
    append(list.count)
    for value in list { body(&self, value) }
  }

  mutating func append(_ texts: [String]) { append(texts) { $0.append($1) } }
}
