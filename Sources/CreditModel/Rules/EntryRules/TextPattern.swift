// Owns patterns that texts must fit: a small language of regular expressions that never takes longer than the text times the pattern.
// Invariants: a pattern fits the whole text; a character is a Unicode scalar; states of a pattern are bounded, and matching keeps a set of them, so that no
// text, however hostile, makes it slow (Thompson's construction).
// Does not capture, look around or refer back.
//
// Source: K. Thompson, Regular Expression Search Algorithm, CACM 11 (1968).

/// A pattern, such as `冀[A-Z][A-Z0-9]{5}` or `(13|17)\d{4}`.
///
/// `.` any character, `\d` a digit, `[…]` one of some characters (`^` first: none of them, `a-z` a range), `(…|…)` one of several, behind any of these `?`, `*`, `+`, `{n}`,
/// `{n,}` or `{n,m}`; a backslash takes the meaning from the next character.
public struct TextPattern: Sendable {
  /// States of a pattern at most.
  public static let maximumStates = 4096
  private static let maximumDepth = 64
  /// Bytes of a pattern at most.
  public static let maximumBytes = 4096

  /// What a state takes.
  private enum Step: Sendable {
    case character(Unicode.Scalar)
    case any
    case digit
    case set([ClosedRange<Unicode.Scalar>], isNegated: Bool)
    /// Goes on in both, taking nothing.
    case branch(Int, Int)
    case end
  }

  private let steps: [Step]
  private let next: [Int]
  private let start: Int

  /// Reads a pattern; `nil` for one that is none, has more than 4,096 bytes, or would have more than 4,096 states.
  public init?(_ pattern: String) {
    guard pattern.utf8.count <= Self.maximumBytes else { return nil }
    var parser = Parser(pattern)
    guard let tree = parser.alternatives(depth: 0), parser.isAtEnd else { return nil }
    var builder = Builder()
    let end = builder.add(.end, next: 0)
    guard let start = builder.build(tree, then: end) else { return nil }
    steps = builder.steps
    next = builder.next
    self.start = start
  }

  /// Whether the whole text fits.
  public func matches(_ text: String) -> Bool {
    var current = States(count: steps.count)
    var following = States(count: steps.count)
    follow(start, into: &current)
    for scalar in text.unicodeScalars {
      following.clear()
      for state in current.list where takes(steps[state], scalar) { follow(next[state], into: &following) }
      swap(&current, &following)
      if current.list.isEmpty { return false }
    }
    return current.list.contains { if case .end = steps[$0] { true } else { false } }
  }

  private func takes(_ step: Step, _ scalar: Unicode.Scalar) -> Bool {
    switch step {
    case .character(let own): own == scalar
    case .any: true
    case .digit: ("0"..."9").contains(scalar)
    case .set(let ranges, let isNegated): ranges.contains { $0.contains(scalar) } != isNegated
    case .branch, .end: false
    }
  }

  /// A set of states in the order they came.
  private struct States {
    var list: [Int] = []
    private var isThere: [Bool]

    init(count: Int) { isThere = Array(repeating: false, count: count) }

    mutating func insert(_ state: Int) -> Bool {
      guard !isThere[state] else { return false }
      isThere[state] = true
      list.append(state)
      return true
    }

    mutating func clear() {
      for state in list { isThere[state] = false }
      list.removeAll(keepingCapacity: true)
    }
  }

  /// Adds a state and all that follow from it without taking anything.
  private func follow(_ state: Int, into states: inout States) {
    var waiting = [state]
    while let state = waiting.popLast() {
      guard states.insert(state) else { continue }
      if case .branch(let left, let right) = steps[state] { waiting += [right, left] }
    }
  }

  // MARK: Reading

  private indirect enum Tree {
    case step(Step)
    case sequence([Tree])
    case alternatives([Tree])
    case repeated(Tree, least: Int, most: Int?)
  }

  private struct Parser {
    private let scalars: [Unicode.Scalar]
    private var place = 0

    init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    var isAtEnd: Bool { place == scalars.count }
    private var current: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
      guard current == scalar else { return false }
      place += 1
      return true
    }

    mutating func alternatives(depth: Int) -> Tree? {
      guard depth < TextPattern.maximumDepth, let first = sequence(depth: depth) else { return nil }
      var all = [first]
      while take("|") {
        guard let another = sequence(depth: depth) else { return nil }
        all.append(another)
      }
      return all.count == 1 ? first : .alternatives(all)
    }

    private mutating func sequence(depth: Int) -> Tree? {
      var parts: [Tree] = []
      while let scalar = current, scalar != "|", scalar != ")" {
        guard let atom = atom(depth: depth), let part = repeated(atom) else { return nil }
        parts.append(part)
      }
      return .sequence(parts)
    }

    private mutating func atom(depth: Int) -> Tree? {
      guard let scalar = current else { return nil }
      place += 1
      switch scalar {
      case ".": return .step(.any)
      case "[": return set()
      case "(":
        guard let inner = alternatives(depth: depth + 1), take(")") else { return nil }
        return inner
      case "\\": return escaped()
      // These mean something only where they follow another, and anchors have no meaning: a pattern fits the whole text.
      case "?", "*", "+", "{", "}", "]", "^", "$": return nil
      default: return .step(.character(scalar))
      }
    }

    private mutating func escaped() -> Tree? {
      guard let scalar = current else { return nil }
      place += 1
      if scalar == "d" { return .step(.digit) }
      // Other letters and digits have meanings elsewhere that they do not have here.
      let isPlain = !scalar.properties.isAlphabetic && !("0"..."9").contains(scalar)
      return isPlain ? .step(.character(scalar)) : nil
    }

    private mutating func set() -> Tree? {
      let isNegated = take("^")
      var ranges: [ClosedRange<Unicode.Scalar>] = []
      while let scalar = current, scalar != "]" {
        place += 1
        var first = scalar
        if scalar == "\\" {
          guard case .step(let escaped)? = escaped() else { return nil }
          guard case .character(let plain) = escaped else {
            ranges.append("0"..."9")
            continue
          }
          first = plain
        }
        guard current == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else {
          ranges.append(first...first)
          continue
        }
        let last = scalars[place + 1]
        guard last >= first, last != "\\" else { return nil }
        place += 2
        ranges.append(first...last)
      }
      return take("]") && !ranges.isEmpty ? .step(.set(ranges, isNegated: isNegated)) : nil
    }

    private mutating func repeated(_ atom: Tree) -> Tree? {
      guard let scalar = current else { return atom }
      let tree: Tree
      switch scalar {
      case "?": tree = .repeated(atom, least: 0, most: 1)
      case "*": tree = .repeated(atom, least: 0, most: nil)
      case "+": tree = .repeated(atom, least: 1, most: nil)
      case "{":
        place += 1
        guard let least = number() else { return nil }
        var most: Int? = least
        if take(",") { most = current == "}" ? nil : number() ?? -1 }
        guard current == "}", most ?? least >= least else { return nil }
        tree = .repeated(atom, least: least, most: most)
      default: return atom
      }
      place += 1
      // A second one behind it would mean something else elsewhere.
      return current.map { "?*+{".unicodeScalars.contains($0) } == true ? nil : tree
    }

    private mutating func number() -> Int? {
      var digits = ""
      while let scalar = current, ("0"..."9").contains(scalar), digits.count < 5 {
        digits.unicodeScalars.append(scalar)
        place += 1
      }
      return Int(digits)
    }
  }

  /// Lays out the states, those behind first.
  private struct Builder {
    var steps: [Step] = []
    var next: [Int] = []
    /// Parts laid out so far: parts without states count too, or repeating them would never end.
    private var parts = 0

    mutating func add(_ step: Step, next: Int) -> Int {
      steps.append(step)
      self.next.append(next)
      return steps.count - 1
    }

    /// The state a tree begins in, or `nil` when there would be too many.
    mutating func build(_ tree: Tree, then following: Int) -> Int? {
      parts += 1
      guard max(steps.count, parts) < TextPattern.maximumStates else { return nil }
      switch tree {
      case .step(let step): return add(step, next: following)
      case .sequence(let parts):
        var start = following
        for part in parts.reversed() {
          guard let before = build(part, then: start) else { return nil }
          start = before
        }
        return start
      case .alternatives(let all):
        guard let last = all.last, var start = build(last, then: following) else { return nil }
        for tree in all.dropLast().reversed() {
          guard let other = build(tree, then: following) else { return nil }
          start = add(.branch(other, start), next: 0)
        }
        return start
      case .repeated(let tree, let least, let most): return build(tree, least, most, then: following)
      }
    }

    private mutating func build(_ tree: Tree, _ least: Int, _ most: Int?, then following: Int) -> Int? {
      var start = following
      if let most {
        for _ in 0..<most - least {
          guard let before = build(tree, then: start) else { return nil }
          start = add(.branch(before, following), next: 0)
        }
      } else {
        // The branch is known before what leads back to it.
        let loop = add(.branch(0, 0), next: 0)
        guard let inner = build(tree, then: loop) else { return nil }
        steps[loop] = .branch(inner, following)
        start = loop
      }
      for _ in 0..<least {
        guard let before = build(tree, then: start) else { return nil }
        start = before
      }
      return start
    }
  }
}
