// Owns making citizen identity numbers for tests, worked out here once more (GB 11643-1999, ISO 7064 MOD 11-2).
// Invariants: knows nothing of the library's code.

/// Citizen identity numbers.
public enum CitizenNumbers {
  private static let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

  /// A number of seventeen digits with its check character.
  public static func completed(_ digits: String) -> String {
    let sum = zip(digits, weights).reduce(0) { $0 + ($1.0.wholeNumberValue ?? 0) * $1.1 }
    return digits + String(Array("10X98765432")[sum % 11])
  }
}
