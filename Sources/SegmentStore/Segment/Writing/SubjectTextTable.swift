// Owns the texts of subjects while a segment is written: one for each subject that has one, whichever dataset brought it first.
// Invariants: a text stays where it is until the table goes; what a dataset added can be taken back as a whole; memory is bounded.
// Does not decide which columns follow the texts, and does not encode them.

/// Texts by subject.
package final class SubjectTextTable {
  /// Bytes of a text at most; longer ones are no names.
  private static let textBytes = 4096
  /// Bytes of memory that a subject takes beside its text.
  private static let subjectBytes = 64

  private let memory = StableArena()
  private var places: [UInt128: TextReference] = [:]
  private let byteLimit: Int
  /// Subjects that came since ``begin()``.
  private var added: [UInt128] = []

  package init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// Subjects with a text.
  package var count: Int { places.count }

  /// The text of a subject; valid while the table lives.
  package func text(of key: UInt128) -> UnsafeRawBufferPointer? {
    places[key].map { UnsafeRawBufferPointer(start: $0.base, count: $0.count) }
  }

  /// Begins with another dataset.
  package func begin() { added.removeAll(keepingCapacity: true) }

  /// Gives a subject that has none its text; returns where it lies, `nil` when there is no room for it.
  package func add(_ text: UnsafeRawBufferPointer, to key: UInt128) -> UnsafeRawBufferPointer? {
    guard text.count <= Self.textBytes,
      memory.byteCount + text.count + (places.count + 1) * Self.subjectBytes <= byteLimit
    else { return nil }
    let place = TextReference(base: memory.copy(text), count: text.count)
    places[key] = place
    added.append(key)
    return UnsafeRawBufferPointer(start: place.base, count: place.count)
  }

  /// Takes back what came since ``begin()``; its bytes are not used again.
  package func rollBack() {
    for key in added { places[key] = nil }
    added = []
  }
}
