// Owns finding the subject of a row: which of its subject items decides, and the key.
// Invariants: the first item with a valid identifier decides; if none is valid, the first with a value, under the entry's
// policy; a row without any usable identifier is unlinked, never guessed. The row's own bytes are only read.

package import CreditModel
import SegmentStore

package struct SubjectReader {
  package enum Outcome {
    /// The key; long identifiers come with their text; `isFailing` when the identifier failed its check; `verbatimItem` is the
    /// item whose text is known to be that of the key.
    case key(UInt128, longText: String?, isFailing: Bool, verbatimItem: Int?)
    /// An identifier that the entry does not let pass.
    case failing(item: String, rule: String, message: String)
    /// Nothing usable.
    case none(item: String, message: String)
  }

  private struct Candidate {
    var index: Int
    var id: String
    var kind: IdentifierKind?
    var kindItem: Int?
  }

  private let candidates: [Candidate]
  private let policy: CatalogueEntry.InvalidIdentifierPolicy
  private let today: Day
  /// The item with the party's class, where the entry has one.
  private let partyItem: Int?

  package init(_ entry: PublishedEntry, today: Day) {
    candidates = entry.subjectItems.map { index in
      let item = entry.entry.items[index]
      return Candidate(
        index: index, id: item.id, kind: (item.identifier ?? .any).kind,
        kindItem: item.identifierKindFrom.flatMap(entry.entry.itemIndex))
    }
    policy = entry.entry.invalidIdentifier
    partyItem = PartyClass.items.compactMap(entry.entry.itemIndex).first
    self.today = today
  }

  /// Finds the subject; `text` gives the canonical bytes of a text item.
  package func subject(_ text: (Int) -> UnsafeRawBufferPointer?) -> Outcome {
    var failing: (candidate: Candidate, kind: IdentifierKind, reasons: IdentifierReasons)?
    var unusable: (id: String, message: String)?
    let isBody =
      partyItem.flatMap(text).flatMap { PartyClass(rawValue: String(decoding: $0, as: UTF8.self)) }
      .map { $0 != .naturalPerson } ?? false
    for candidate in candidates {
      // A person's document never makes a body's record that person's (V03, V05).
      if isBody, candidate.id.hasSuffix("_XDR_ZJHM") { continue }
      guard let raw = text(candidate.index) else { continue }
      if candidate.kind == nil || candidate.kind == .unifiedSocialCreditCode, candidate.kindItem == nil,
        let body = IdentifierDetection.plainCreditCode(raw)
      {
        let family = UInt128(SubjectKey.Family.unifiedSocialCreditCode.rawValue)
        return .key(
          family << 124 | body, longText: nil, isFailing: false, verbatimItem: candidate.index)
      }
      let span = UnsafeBufferPointer(start: raw.bindMemory(to: UInt8.self).baseAddress, count: raw.count).span
      let bytes = IdentifierBytes(normalizing: span)
      let kind = kind(of: candidate, text)
      let assessment = IdentifierDetection.assess(bytes, as: kind, on: today)
      if !assessment.reasons.isDisjoint(with: .unusable) {
        let message = assessment.reasons.list.first?.explanation ?? ""
        unusable = unusable ?? (candidate.id, message)
        continue
      }
      if !assessment.reasons.hasError {
        return key(raw, bytes, assessment.kind, candidate.id, isFailing: false)
      }
      if failing == nil { failing = (candidate, assessment.kind, assessment.reasons) }
    }
    guard let failing else {
      guard let unusable else {
        return .none(
          item: candidates.map(\.id).joined(separator: ", "), message: "no identifier of the subject")
      }
      return .none(item: unusable.id, message: unusable.message)
    }
    guard policy == .warn, !failing.reasons.contains(.damagedNumber), let raw = text(failing.candidate.index)
    else {
      let reasons = failing.reasons.list.filter(\.isError).map(\.explanation).joined(separator: "; ")
      return .failing(item: failing.candidate.id, rule: "V03", message: reasons)
    }
    let span = UnsafeBufferPointer(start: raw.bindMemory(to: UInt8.self).baseAddress, count: raw.count).span
    return key(raw, IdentifierBytes(normalizing: span), failing.kind, failing.candidate.id, isFailing: true)
  }

  /// The kind the item declares, or the one the row's kind of document names.
  private func kind(of candidate: Candidate, _ text: (Int) -> UnsafeRawBufferPointer?) -> IdentifierKind? {
    if let item = candidate.kindItem, let raw = text(item),
      let kind = DocumentKinds.identifierKind(String(decoding: raw, as: UTF8.self))
    {
      return kind
    }
    return candidate.kind
  }

  private func key(
    _ raw: UnsafeRawBufferPointer, _ bytes: IdentifierBytes, _ kind: IdentifierKind, _ item: String,
    isFailing: Bool
  ) -> Outcome {
    if let key = SubjectKey(structured: bytes, kind: kind) {
      return .key(key.rawValue, longText: nil, isFailing: isFailing, verbatimItem: nil)
    }
    let identifier = Identifier(String(decoding: raw, as: UTF8.self), as: kind)
    guard let key = SubjectKey(identifier, digest: SubjectKey.digest) else {
      return .failing(item: item, rule: "R-SUBJECT", message: IdentifierReason.tooLong.explanation)
    }
    return .key(
      key.rawValue, longText: key.needsFullText ? identifier.text : nil, isFailing: isFailing,
      verbatimItem: nil)
  }
}
