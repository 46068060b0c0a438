// Owns the loops over the selected rows of a vector that look numbers up in tables, and count and add up by group.
// Invariants: what belongs to rows that are not selected is left as it was. Marked kernel: buffers have room for the rows of a vector; tables have a
// place at their limit; pairs and groups are below what was reserved.
// Does not know what the numbers stand for.

import CStorageKernels

/// The entry of what a table does not know.
package let unknownEntry = UInt32.max

extension RowSelection {
  /// The places where some rows are left out; `nil` = all rows of the vector are selected.
  private var listed: UnsafePointer<UInt16>? { count == vectorCount ? nil : places }

  /// Writes the table's entry of each number; numbers from `limit` on have the entry at `limit`.
  ///
  /// - Returns: the largest entry found, 0 for none.
  package func lookUp(
    _ numbers: UnsafePointer<UInt32>, in table: UnsafePointer<UInt32>, limit: UInt32,
    to target: UnsafeMutablePointer<UInt32>
  ) -> UInt32 {
    cstorage_look_up(table, limit, numbers, listed, count, target)
  }

  /// The same by the distance of each number from `low`, round the ends of 64 bits.
  package func lookUp(
    _ numbers: UnsafePointer<Int64>, from low: Int64, in table: UnsafePointer<UInt32>, limit: UInt32,
    to target: UnsafeMutablePointer<UInt32>
  ) -> UInt32 {
    cstorage_look_up_distances(table, limit, low, numbers, listed, count, target)
  }

  /// Writes for each pair the entry at left times `side` plus right, divided by 2 to the power of `shift`, plus what is left of right by that division;
  /// `unknownEntry` stays what it is.
  ///
  /// - Returns: the largest entry found, 0 for none.
  package func lookUpPairs(
    _ left: UnsafePointer<UInt32>, _ right: UnsafePointer<UInt32>, in table: UnsafePointer<UInt32>, side: Int,
    shift: UInt32, to target: UnsafeMutablePointer<UInt32>
  ) -> UInt32 {
    cstorage_look_up_pairs(table, side, shift, left, right, listed, count, target)
  }

  /// Adds 1 to the count of each row's group.
  package func count(_ groups: UnsafePointer<UInt32>, in counts: UnsafeMutablePointer<UInt32>) {
    cstorage_count_groups(groups, listed, count, counts)
  }

  /// Adds the value of each row to the sum of its group; the caller knows that no sum passes 64 bits.
  package func add(
    _ values: UnsafePointer<Int64>, of groups: UnsafePointer<UInt32>, to sums: UnsafeMutablePointer<Int64>
  ) {
    cstorage_add_to_groups(groups, values, listed, count, sums)
  }
}
