// Owns the line of a change and the number that follows from it.
// Invariants: the same change of the same sender has the same line and the same number; members stand in one order.
// Does not know packages.

import CreditModel
import SegmentStore

extension ExchangeMessage {
  /// The message with its number, which follows from the sender and all that it says.
  func numbered(sender: String) -> ExchangeMessage {
    var message = self
    message.id = ""
    var hasher = SHA256()
    hasher.update(sender.utf8)
    hasher.update(message.line.utf8)
    message.id = hasher.finalize().prefix(16).hexText
    return message
  }

  /// The number of a change as text.
  static func text(ofNumber number: UInt128) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 32 - digits.count) + digits
  }

  /// The JSON line, without its end.
  var line: String {
    var text = "{\"id\":"
    JSONText.append(id, to: &text)
    Self.append("operation", operation.rawValue, to: &text)
    Self.append("entry", entry, to: &text)
    text += ",\"subject\":{\"kind\":"
    JSONText.append(subject.kind.rawValue, to: &text)
    Self.append("text", subject.text, to: &text)
    text += "}"
    Self.append("key", key, to: &text)
    text += ",\"version\":\(version)"
    Self.append("state", state, to: &text)
    if let unit { Self.append("unit", unit, to: &text) }
    text += ",\"values\":"
    Self.append(values, to: &text)
    if let replaces {
      text += ",\"replaces\":"
      Self.append(replaces, to: &text)
    }
    return text + "}"
  }

  private static func append(_ name: String, _ value: String, to text: inout String) {
    text += ",\"\(name)\":"
    JSONText.append(value, to: &text)
  }

  private static func append(_ values: [String: String], to text: inout String) {
    text += "{"
    var isFirst = true
    for (id, value) in values.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      if !isFirst { text += "," }
      isFirst = false
      JSONText.append(id, to: &text)
      text += ":"
      JSONText.append(value, to: &text)
    }
    text += "}"
  }
}

extension SHA256 {
  /// Adds a change as it stands in a file of JSON lines, whose digest identifies a package.
  mutating func update(_ message: ExchangeMessage) {
    update(message.line.utf8)
    update([0x0A])
  }
}
