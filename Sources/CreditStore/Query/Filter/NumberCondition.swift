// Owns conditions on stored numbers: dates, amounts, truth values.
// Invariants: exact for every 64-bit number; an absent number makes a condition unknown. Marked kernel: buffers have room for the rows of a
// vector.

import SegmentStore

/// Three-valued truth, ordered so that `and` is the smaller, `or` the larger, and `not` what is left to `yes`.
enum Truth {
  static let no: UInt8 = 0
  static let unknown: UInt8 = 1
  static let yes: UInt8 = 2
}

/// A condition on numbers.
enum NumberCondition {
  /// Inside a closed range, or outside of it; an empty range has a smaller end than start.
  case range(Int64, Int64, isOutside: Bool)
  /// One of a list, ascending.
  case isIn([Int64])

  /// No number satisfies it, and absent ones stay unknown.
  static let never = NumberCondition.range(0, -1, isOutside: false)

  init(_ comparison: Filter.Comparison, _ literal: Int64) {
    switch comparison {
    case .equal: self = .range(literal, literal, isOutside: false)
    case .notEqual: self = .range(literal, literal, isOutside: true)
    case .less: self = literal == .min ? .never : .range(.min, literal - 1, isOutside: false)
    case .lessOrEqual: self = .range(.min, literal, isOutside: false)
    case .greater: self = literal == .max ? .never : .range(literal + 1, .max, isOutside: false)
    case .greaterOrEqual: self = .range(literal, .max, isOutside: false)
    case .contains, .startsWith: self = .never
    }
  }

  /// Compares numbers with `units / factor`: a literal with more places than the numbers have.
  init(_ comparison: Filter.Comparison, units: Int64, factor: Int64) {
    let quotient = units / factor
    let remainder = units % factor
    if remainder == 0 {
      self.init(comparison, quotient)
      return
    }
    // Between two numbers: rounding down and going on from there.
    let below = remainder < 0 ? quotient - 1 : quotient
    switch comparison {
    case .less, .lessOrEqual: self = .range(.min, below, isOutside: false)
    case .greater, .greaterOrEqual: self = .range(below + 1, .max, isOutside: false)
    case .notEqual: self = .range(0, -1, isOutside: true)
    case .equal, .contains, .startsWith: self = .never
    }
  }

  /// Whether a number satisfies it.
  func holds(_ value: Int64) -> Bool {
    switch self {
    case .range(let low, let high, let isOutside): (low <= value && value <= high) != isOutside
    case .isIn(let list):
      list.partitioningIndex { $0 >= value } < list.count
        && list[list.partitioningIndex { $0 >= value }] == value
    }
  }

  /// Whether some number of a range may satisfy it.
  func mayHold(in bounds: ClosedRange<Int64>) -> Bool {
    switch self {
    case .range(let low, let high, false):
      return low <= high && low <= bounds.upperBound && high >= bounds.lowerBound
    case .range(let low, let high, true): return !(low <= bounds.lowerBound && bounds.upperBound <= high)
    case .isIn(let list):
      let first = list.partitioningIndex { $0 >= bounds.lowerBound }
      return first < list.count && list[first] <= bounds.upperBound
    }
  }

  /// Writes the truth for the rows of a vector, by their places.
  func evaluate(
    _ numbers: IntegerVector, _ rows: RowSelection, to truth: UnsafeMutablePointer<UInt8>
  ) {
    let values = numbers.values
    switch self {
    case .range(let low, let high, let isOutside):
      let (inside, outside) = isOutside ? (Truth.no, Truth.yes) : (Truth.yes, Truth.no)
      if low > high {
        truth.update(repeating: outside, count: rows.vectorCount)
      } else {
        let span = UInt64(bitPattern: high &- low)
        for place in 0..<rows.vectorCount {
          truth[place] = UInt64(bitPattern: values[place] &- low) <= span ? inside : outside
        }
      }
    case .isIn: rows.visit { truth[$0] = holds(values[$0]) ? Truth.yes : Truth.no }
    }
    guard numbers.hasAbsent else { return }
    for place in 0..<rows.vectorCount where numbers.nulls[place] == 1 { truth[place] = Truth.unknown }
  }
}
