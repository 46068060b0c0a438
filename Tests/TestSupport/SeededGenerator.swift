// Owns the random numbers of tests.
// Invariants: the same seed gives the same numbers on every machine (SplitMix64).

/// A random number generator that can be replayed.
public struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  /// The seed, for messages.
  public let seed: UInt64

  /// Starts from a seed.
  public init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
