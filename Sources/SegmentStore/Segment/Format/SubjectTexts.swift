// Owns what the format says of texts that stand once for each subject of a segment: its name beside every record of every dataset, its address, its other numbers.
// Invariants: a column of them has one row for each subject of the segment, in the order of their keys; it is no column of any dataset.
// Does not choose the text of a subject (SubjectTextTable) and does not read it (SubjectTextCursor).

/// Texts of subjects (主体文本).
///
/// The name of a company stands beside each of its penalties, permits, bills and payments, in hundreds of datasets, each of which had to learn how to spell it. Where a column has the
/// texts of its subjects it stores nothing but what differs.
enum SubjectTexts {
  /// Ids of the columns, and what columns that follow them are relative to.
  static let columnIDs: ClosedRange<UInt32> = 6...15
  /// Subjects of a block: a look-up wants one of them.
  static let blockRows = 1024
}
