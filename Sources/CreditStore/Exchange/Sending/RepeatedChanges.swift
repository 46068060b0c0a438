// Owns which changes of a package go once more: those that the receiver refused, and that no package since has held.
// Invariants: follows from the packages and receipts known at the commit at which they were put together again. A change that was left out of an earlier
// package, because its subject was shielded or did not consent just then, still goes.
// Does not decide what is newest or permitted (PackageContent, PackagePermissions).

import CreditModel
import SegmentStore

/// The changes of another package that a package holds once more.
final class RepeatedChanges {
  /// The store as it is when they go again.
  let present: CreditSnapshot
  /// The package that is repeated.
  let original: PackageContent
  /// Numbers of the changes that go, as they were in that package.
  let only: Set<String>

  private init(_ present: CreditSnapshot, _ original: PackageContent, only: Set<String>) {
    (self.present, self.original, self.only) = (present, original, only)
  }

  /// `nil` where a package holds changes for the first time.
  convenience init?(_ package: ExchangePackage, in database: CreditDatabase) throws {
    guard let repeats = package.repeats, let receipts = package.receiptsCommit else { return nil }
    let present = database.snapshot(asOf: receipts)
    let known = try ExchangeTables(snapshot: present.engine).packages(of: package.route)
    guard let first = known.first(where: { $0.number == repeats }) else {
      throw CreditError("unknownPackage", "route \(package.route) has no package \(repeats)")
    }
    let original = try PackageContent(first, in: database)
    let refused = try original.refused(in: first, as: present)
    // What went again before has a receipt of its own.
    var gone: Set<String> = []
    for again in known where again.repeats == repeats {
      guard let receipts = again.receiptsCommit else { continue }
      let earlier = database.snapshot(asOf: receipts)
      let state = try ExchangeTables(snapshot: earlier.engine).package(repeats, of: package.route)
      let refused = try original.refused(in: state, as: earlier)
      guard package.goesUnlessHeld == true else {
        gone.formUnion(refused)
        continue
      }
      let held = RepeatedChanges(
        earlier, original,
        only: again.goesUnlessHeld == true ? refused.subtracting(gone) : refused)
      try PackageContent(again, repeating: held, in: database).forEachNumber { gone.insert($0) }
    }
    self.init(present, original, only: refused.subtracting(gone))
  }
}
