// Owns naming the rows of a vector that are still of interest.
// Invariants: places ascend and lie inside the vector. Marked kernel: valid until the selection of its vector changes.

/// Places of selected rows.
package struct RowSelection {
  package let places: UnsafePointer<UInt16>
  /// Rows selected.
  package let count: Int
  /// Rows of the vector, selected or not.
  package let vectorCount: Int
}
