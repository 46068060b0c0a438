// Owns a choice of catalogue entries, made once and used for many questions.
// Invariants: as of one state of the catalogue; made from summaries, so that 25,000 entries take milliseconds.
// Does not say why an entry is chosen.

package import CreditModel
import SegmentStore

/// Entries that somebody may read.
package struct EntrySelection: Sendable {
  let datasets: Set<DatasetID>
  /// Their codes.
  package let codes: Set<String>
  /// The commit that published the newest version of an entry known when it was made.
  package let revision: UInt64
}

extension CreditCatalogue {
  /// The entries that fit as of a snapshot.
  ///
  /// - Parameters:
  ///   - known: a choice made before; it is given back where the catalogue has not changed since.
  ///   - fits: is asked for every entry.
  package func selection(
    asOf snapshot: CreditSnapshot, known: EntrySelection? = nil, where fits: (CatalogueSummary) -> Bool
  ) throws -> EntrySelection {
    do {
      let index = try index(asOf: snapshot)
      if let known, known.revision == index.revision { return known }
      let codes = Set(index.summaries.lazy.filter(fits).map(\.code))
      let datasets = try self.codes(asOf: snapshot.engine).filter { codes.contains($0.code) }.map(\.dataset)
      return EntrySelection(datasets: Set(datasets), codes: codes, revision: index.revision)
    } catch { throw CreditError(wrapping: error) }
  }
}

extension CreditCatalogue {
  /// The summaries of all entries as of a snapshot, by code.
  package func summaries(asOf snapshot: CreditSnapshot) throws -> [CatalogueSummary] {
    do { return try index(asOf: snapshot).summaries } catch { throw CreditError(wrapping: error) }
  }

  private func index(asOf snapshot: CreditSnapshot) throws -> CatalogueIndex {
    let present = try index()
    guard snapshot.commit < present.revision else { return present }
    // Entries were published since: what the catalogue was then is read once more.
    var index = CatalogueIndex()
    try index.advance(to: snapshot.engine, at: nil)
    return index
  }
}

extension CreditSnapshot {
  /// The part of a choice that some codes name.
  package func narrowed(_ selection: EntrySelection, to codes: Set<String>) throws -> EntrySelection {
    do {
      let wanted = codes.intersection(selection.codes)
      let datasets = try wanted.map { try database.catalogue.entry($0, asOf: engine).dataset }
      return EntrySelection(datasets: Set(datasets), codes: wanted, revision: selection.revision)
    } catch { throw CreditError(wrapping: error) }
  }

  /// The version of an entry that was current as of the snapshot.
  ///
  /// - Parameter code: of the entry.
  /// - Throws: `CreditError`, code `unknownEntry`.
  package func entry(_ code: String) throws -> CatalogueEntry {
    do { return try database.catalogue.entry(code, asOf: engine).entry } catch {
      throw CreditError(wrapping: error)
    }
  }
}
