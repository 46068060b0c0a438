// Owns the random numbers of generated data.
// Invariants: the same seed gives the same numbers on every machine (SplitMix64); distributions use no library maths
// beyond Foundation's logarithms and roots.

import Foundation

/// Random numbers from a seed.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Numbers of a seed.
  public init(seed: UInt64) { state = seed }

  /// Numbers of one part of something that has a seed; parts do not depend on one another.
  public init(seed: UInt64, part: UInt64) {
    var first = SeededRandom(seed: seed)
    state = first.next() ^ (part &* 0xD6E8_FEB8_6659_FD93)
    _ = next()
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// A whole number from 0 up to but not including `bound`.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

  /// A number in 0 ..< 1.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// One of some choices.
  public mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

  /// A standard normal number (Box and Muller).
  public mutating func normal() -> Double {
    (-2 * log(max(unit(), 1e-300))).squareRoot() * cos(2 * .pi * unit())
  }

  /// A place in 0 ..< `count`, low ones more often: the share of the first n is the power `1 / exponent` of theirs.
  public mutating func skewed(_ count: Int, exponent: Double) -> Int {
    min(count - 1, Int(Double(count) * pow(unit(), exponent)))
  }
}
