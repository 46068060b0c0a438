// Owns how one name is compared with the name that was asked for.
// Invariants: what is compared is the normalised form; a name that is passed over early could not match.

import CreditModel
import SegmentStore

/// A name that is looked for.
struct NamePattern: Sendable {
  let name: NormalizedName
  /// The weakest match that counts.
  let weakest: NameMatch
  private let core: [UInt8]
  /// Chinese characters that stand together in every name that matches, unless something stands between them that does not count; and the first
  /// of them.
  private let anchor: [UInt8]
  private let firstOfAnchor: [UInt8]

  init(_ name: NormalizedName, weakest: NameMatch) {
    self.name = name
    self.weakest = weakest
    core = Array(name.bytes[..<name.coreLength])
    anchor = Self.longestChineseRun(core)
    firstOfAnchor = Array(anchor.prefix(3))
  }

  /// The longest run of characters that normalising leaves alone.
  private static func longestChineseRun(_ bytes: [UInt8]) -> [UInt8] {
    var best = 0..<0
    var start = 0
    var place = 0
    while place < bytes.count {
      let byte = bytes[place]
      let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
      let end = min(place + length, bytes.count)
      if (0xE4...0xE9).contains(byte) {
        if end - start > best.count { best = start..<end }
      } else {
        start = end
      }
      place = end
    }
    return Array(bytes[best])
  }

  /// How a name matches, with its normalised form in `scratch`; `nil` when it does not.
  func match(_ text: UnsafeRawBufferPointer, _ scratch: inout [UInt8]) -> NameMatch? {
    let canMatch = anchor.withUnsafeBytes { anchor in
      ByteSearch.contains(text, anchor)
        || firstOfAnchor.withUnsafeBytes { ByteSearch.contains(text, $0) }
    }
    guard canMatch else { return nil }
    scratch.removeAll(keepingCapacity: true)
    NormalizedName.normalize(text, into: &scratch)
    guard let match = scratch.withUnsafeBytes({ match(normalized: $0) }), match <= weakest else { return nil }
    return match
  }

  /// How a name in its normalised form matches, however weakly; `nil` when it does not.
  func match(normalized bytes: UnsafeRawBufferPointer) -> NameMatch? {
    if bytes.elementsEqual(name.bytes) { return .exact }
    let coreLength = NormalizedName.coreLength(bytes)
    if coreLength == core.count, bytes.starts(with: core) { return .legalForm }
    if bytes.starts(with: name.bytes) { return .prefix }
    return name.bytes.withUnsafeBytes { ByteSearch.contains(bytes, $0) } ? .substring : nil
  }

  /// What an index has to be asked for the names of one kind of match; more may fit than match so.
  func questions(_ match: NameMatch) -> [TextIndexQuestion] {
    switch match {
    case .exact: [.equal(name.bytes)]
    case .legalForm: name.variants.filter { $0 != name.bytes }.map { .equal($0) }
    case .prefix: [.prefix(name.bytes)]
    case .substring: [.containing(name.bytes)]
    }
  }
}
