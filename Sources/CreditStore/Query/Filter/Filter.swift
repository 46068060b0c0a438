// Owns conditions on records as values.
// Invariants: three-valued as in SQL: a comparison with an absent value is unknown, and only true passes.
// Does not know items: FilterBinding checks a filter against entries.

public import CreditModel

/// A condition on records (过滤条件).
///
/// ```swift
/// let filter = try Filter(parsing: "CF_JDRQ >= 2021-01-01 and CF_CFLB contains '罚款'")
/// ```
public indirect enum Filter: Sendable, Equatable {
  /// How two values are compared.
  public enum Comparison: String, Sendable {
    /// Equal.
    case equal = "="
    /// Not equal.
    case notEqual = "!="
    /// Smaller.
    case less = "<"
    /// Smaller or equal.
    case lessOrEqual = "<="
    /// Larger.
    case greater = ">"
    /// Larger or equal.
    case greaterOrEqual = ">="
    /// The text holds another, exactly.
    case contains
    /// The text starts with another.
    case startsWith
  }

  /// An item or store column and the place where it stands in the text of the filter.
  public struct Operand: Sendable, Equatable {
    /// Id of the item, or a store column such as `$unit`.
    public var name: String
    /// Offset in bytes.
    public var offset: Int
    /// Makes an operand.
    public init(_ name: String, offset: Int = 0) {
      self.name = name
      self.offset = offset
    }
  }

  /// A literal and the place where it stands.
  public struct Literal: Sendable, Equatable {
    /// The value.
    public var value: Value
    /// Offset in bytes.
    public var offset: Int
    /// Makes a literal.
    public init(_ value: Value, offset: Int = 0) {
      self.value = value
      self.offset = offset
    }
  }

  /// All must hold.
  case and([Filter])
  /// One must hold.
  case or([Filter])
  /// The condition must not hold.
  case not(Filter)
  /// A comparison.
  case compare(Operand, Comparison, Literal)
  /// The value is one of a list.
  case isIn(Operand, [Literal])
  /// The value is absent.
  case isNull(Operand)
}

extension Filter {
  /// The comparisons in it: what is compared, how, and with what.
  package func visit(_ body: (Operand, Comparison?, [Literal]) -> Void) {
    switch self {
    case .and(let parts), .or(let parts): for part in parts { part.visit(body) }
    case .not(let inner): inner.visit(body)
    case .compare(let operand, let comparison, let literal): body(operand, comparison, [literal])
    case .isIn(let operand, let literals): body(operand, .equal, literals)
    case .isNull(let operand): body(operand, nil, [])
    }
  }
}

/// An error in the text of a filter.
extension CreditError {
  static func filter(_ message: String, at offset: Int) -> CreditError {
    CreditError("invalidFilter", message, offset: Int64(offset))
  }
}
