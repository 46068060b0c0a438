// Owns the review of versions before they are published (目录审核).
// Invariants: a version waits, is published or is refused, once; publishing and deciding are one commit; everything ever submitted stays readable.
// Does not check who may decide (CreditApplications).

public import CreditModel
public import Foundation
import SegmentStore

/// A version of an entry that was submitted for review.
public struct EntryReview: Sendable {
  /// How far the review is.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// Waits for a decision (待审核).
    case pending
    /// Was published (审核通过).
    case approved
    /// Was refused (审核不通过).
    case rejected
    /// Was taken back, or another version was submitted in its place, which the history alone tells (已撤回).
    case withdrawn

    fileprivate var number: Int64 { Int64(Self.allCases.firstIndex(of: self) ?? 0) }
    fileprivate init?(number: Int64?) {
      guard let number, Self.allCases.indices.contains(Int(clamping: number)) else { return nil }
      self = Self.allCases[Int(number)]
    }
  }

  /// The version as submitted.
  public var entry: CatalogueEntry
  /// How far it is.
  public var state: State
  /// Who submitted it.
  public var submitter: String
  /// What the submitter says.
  public var note: String?
  /// Who decided.
  public var decider: String?
  /// Why it was decided so.
  public var reason: String?
  /// The commit that made this state.
  public var commit: UInt64
  /// When that was.
  public var instant: Date
}

extension CreditCatalogue {
  /// Submits a version for review; nothing is collected under it until it is approved.
  ///
  /// A version of the same entry that still waits is taken back.
  ///
  /// - Parameters:
  ///   - entry: the version; its number must be above that of the published one.
  ///   - submitter: who submits it.
  ///   - note: what the reviewer should know.
  /// - Throws: `CreditError`: `invalidCatalogue` for an invalid entry, `versionNotNewer`, `recordKeyChanged`.
  public func submit(_ entry: CatalogueEntry, by submitter: String, note: String? = nil) throws {
    do {
      try entry.validate()
      _ = try engine.write { transaction in
        if let old = try current(entry.code, in: transaction.snapshot) {
          guard old.value.entry != entry else {
            throw CreditError(
              "versionNotNewer",
              "entry \(entry.code) version \(entry.version) is published as it is: there is nothing to review"
            )
          }
          _ = try Self.successor(of: old.value, entry)
        }
        if let earlier = try review(of: entry.code, in: transaction.snapshot) {
          transaction.supersede(earlier.address)
        }
        let review = EntryReview(
          entry: entry, state: .pending, submitter: submitter, note: note, commit: transaction.commit,
          instant: Date())
        try append(review, &transaction)
      }
    } catch { throw CreditError(wrapping: error) }
  }

  /// Publishes the version of an entry that waits.
  ///
  /// - Parameters:
  ///   - code: the entry.
  ///   - decider: who approves it.
  ///   - reason: why.
  ///   - leavesValues: as in ``publish(_:leavesValues:)->(_,_)``.
  /// - Returns: the entry as it was published.
  /// - Throws: `CreditError`: `nothingToReview`, and what publishing throws.
  @discardableResult
  public func approve(
    _ code: String, by decider: String, reason: String? = nil, leavesValues: Bool = false
  ) throws -> CatalogueEntry {
    try decide(code, .approved, by: decider, reason: reason, leavesValues)
  }

  /// Refuses the version of an entry that waits.
  ///
  /// - Parameters:
  ///   - code: the entry.
  ///   - decider: who refuses it.
  ///   - reason: why; the submitter reads it.
  /// - Returns: the version that was refused.
  /// - Throws: `CreditError`: `nothingToReview`, `reasonMissing`.
  @discardableResult
  public func reject(_ code: String, by decider: String, reason: String) throws -> CatalogueEntry {
    guard !reason.allSatisfy(\.isWhitespace) else {
      throw CreditError("reasonMissing", "a refusal needs a reason")
    }
    return try decide(code, .rejected, by: decider, reason: reason)
  }

  /// Takes the version of an entry that waits back.
  ///
  /// - Parameters:
  ///   - code: the entry.
  ///   - submitter: who takes it back.
  /// - Returns: the version that waited.
  /// - Throws: `CreditError`, code `nothingToReview`.
  @discardableResult
  public func withdraw(_ code: String, by submitter: String) throws -> CatalogueEntry {
    try decide(code, .withdrawn, by: submitter, reason: nil)
  }

  /// The last review of each entry that has one, by code.
  ///
  /// - Parameter state: only those in this state; `nil` = all.
  public func reviews(_ state: EntryReview.State? = .pending) throws -> [EntryReview] {
    do {
      var reviews: [EntryReview] = []
      let schema = SystemDatasets.reviews
      try DatasetScan(engine.snapshot(), schema: schema).forEach { row in
        var cells: [RowPayload.Cell] = []
        for (index, column) in schema.columns.enumerated() {
          if column.type == .text {
            cells.append(try row.text(index).map { .text($0) } ?? .null)
          } else {
            cells.append(try row.integer(index).map { .integer($0) } ?? .null)
          }
        }
        reviews.append(try review(cells, commit: UInt64(bitPattern: try row.system(.commit))))
      }
      return reviews.filter { state == nil || $0.state == state }
        .sorted { $0.entry.code.utf8.lexicographicallyPrecedes($1.entry.code.utf8) }
    } catch { throw CreditError(wrapping: error) }
  }

  /// Everything that was submitted and decided for an entry, in the order in which it happened.
  ///
  /// A version in whose place another was submitted before anybody decided counts as withdrawn.
  ///
  /// - Parameter code: the entry.
  public func reviewHistory(of code: String) throws -> [EntryReview] {
    do {
      let schema = SystemDatasets.reviews
      var reviews = try engine.snapshot().rows(of: SystemDatasets.key(entryCode: code), schema: schema)
        .sorted { $0.system.commit < $1.system.commit }
        .map { try review($0.cells(schema), commit: $0.system.commit) }
        .filter { $0.entry.code == code }
      for index in reviews.indices.dropLast()
      where reviews[index].state == .pending && reviews[index + 1].state == .pending {
        reviews[index].state = .withdrawn
        reviews[index].decider = reviews[index + 1].submitter
      }
      return reviews
    } catch { throw CreditError(wrapping: error) }
  }

  // MARK: Rows

  private typealias Found = (review: EntryReview, address: RowAddress)

  private func decide(
    _ code: String, _ state: EntryReview.State, by decider: String, reason: String?,
    _ leavesValues: Bool = false
  ) throws -> CatalogueEntry {
    do {
      var published: PublishedEntry?
      var entry: CatalogueEntry?
      _ = try engine.write { transaction in
        guard let waiting = try review(of: code, in: transaction.snapshot), waiting.review.state == .pending
        else {
          throw CreditError("nothingToReview", "no version of entry \(code) waits for a decision")
        }
        entry = waiting.review.entry
        if state == .approved {
          var numbers = CatalogueNumbers()
          published = try place(waiting.review.entry, leavesValues, nil, &numbers, &transaction)
        }
        try replace(waiting, state, by: decider, reason: reason, &transaction)
      }
      if let published { remember([published]) }
      guard let entry else { throw CreditError("failed", "the review was not decided") }
      return entry
    } catch { throw CreditError(wrapping: error) }
  }

  /// The last review of an entry.
  private func review(of code: String, in snapshot: EngineSnapshot) throws -> Found? {
    let schema = SystemDatasets.reviews
    for row in try snapshot.currentRows(of: SystemDatasets.key(entryCode: code), schema: schema) {
      let review = try review(row.cells(schema), commit: row.system.commit)
      if review.entry.code == code { return (review, row.address) }
    }
    return nil
  }

  private func replace(
    _ found: Found, _ state: EntryReview.State, by decider: String, reason: String?,
    _ transaction: inout WriteTransaction
  ) throws {
    transaction.supersede(found.address)
    var review = found.review
    review.state = state
    review.decider = decider
    review.reason = reason
    try append(review, &transaction)
  }

  private func append(_ review: EntryReview, _ transaction: inout WriteTransaction) throws {
    func cell(_ text: String?) -> RowPayload.Cell { text.map { .text($0) } ?? .null }
    try transaction.append(
      SystemDatasets.reviews, key: SystemDatasets.key(entryCode: review.entry.code),
      batch: transaction.commit,
      version: UInt32(clamping: review.entry.version),
      payload: RowPayload.encode([
        .text(review.entry.code), .integer(Int64(review.entry.version)), .integer(review.state.number),
        .text(String(decoding: review.entry.encodedJSON(), as: UTF8.self)), .text(review.submitter),
        cell(review.note), cell(review.decider), cell(review.reason),
      ]))
  }

  private func review(_ cells: [RowPayload.Cell], commit: UInt64) throws -> EntryReview {
    guard let code = cells[0].string, let json = cells[3].string, let submitter = cells[4].string,
      let state = EntryReview.State(number: cells[2].number)
    else { throw StoreError(.damaged, "a review of the catalogue is incomplete") }
    let milliseconds = engine.instant(of: commit) ?? 0
    return EntryReview(
      entry: try CatalogueRow.entry(code, json: json), state: state, submitter: submitter,
      note: cells[5].string,
      decider: cells[6].string, reason: cells[7].string, commit: commit,
      instant: Date(timeIntervalSince1970: Double(milliseconds) / 1000))
  }
}
