// Owns walking the codes of phrases in a block: to a value, and through the phrases it is made of.
// Invariants: no bit is read behind the end of a group; what does not add up is said, never followed. Marked kernel.
// Does not know what a phrase says.

/// A place in the bits of a block of phrases.
struct PhrasePosition {
  /// The value that begins at `bit`, if that is inside the group.
  var row = 0
  private var bit = 0
  /// The group whose bits end at `limit`; -1 before the first.
  private var group = -1
  private var limit = 0

  /// Whether a value is the one read last.
  func isBehind(_ value: Int) -> Bool { group >= 0 && row == value + 1 }

  /// Moves to the first phrase of a value; false when the bits are not what they should be.
  mutating func move(to row: Int, _ block: Unmanaged<DecodedBlock>, _ code: PhraseCode) throws(StoreError)
    -> Bool
  {
    let group = row / PhraseEncoding.groupRows
    if self.group != group || self.row > row {
      self.group = group
      self.row = group * PhraseEncoding.groupRows
      (bit, limit) = block._withUnsafeGuaranteedRef { ($0.groupStart(group), $0.groupStart(group + 1)) }
    }
    while self.row < row {
      if !block._withUnsafeGuaranteedRef({ [current = self.row] in $0.isNull(value: current) }) {
        while true {
          let entry = next(block, code)
          if entry == code.end { break }
          guard entry >= 0 else { return false }
        }
      }
      self.row += 1
    }
    return true
  }

  /// The next phrase; -1 where none stands in the group.
  @inline(__always)
  mutating func next(_ block: Unmanaged<DecodedBlock>, _ code: PhraseCode) -> Int {
    guard bit < limit else { return -1 }
    let entry = code.next(block._withUnsafeGuaranteedRef { $0.phraseBytes }, &bit)
    return bit <= limit ? entry : -1
  }
}
