// Owns what the parts of an open store share.
// Invariants: immutable but for the next segment number, which only grows.

import Synchronization

/// The surroundings of an open store.
package final class StoreEnvironment: Sendable {
  package let folder: StoreFolder
  package let identifier: StoreIdentifier
  package let context: ReadingContext
  package let options: EngineOptions
  private let nextSegment: Atomic<UInt64>

  package init(
    folder: StoreFolder, identifier: StoreIdentifier, context: ReadingContext, options: EngineOptions,
    nextSegment: UInt64
  ) {
    self.folder = folder
    self.identifier = identifier
    self.context = context
    self.options = options
    self.nextSegment = Atomic(nextSegment)
  }

  /// A number no segment of the store had yet.
  package func takeSegmentID() -> SegmentID {
    SegmentID(rawValue: nextSegment.add(1, ordering: .relaxed).oldValue)
  }

  /// Goes on from where another process left off.
  package func raiseNextSegment(to number: UInt64) {
    nextSegment.max(number, ordering: .relaxed)
  }

  /// The number the next segment will have.
  package var nextSegmentNumber: UInt64 { nextSegment.load(ordering: .relaxed) }
}
