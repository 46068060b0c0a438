// Owns keeping a reading process up to date with the process that writes.
// Invariants: the store is only read; a reader sees whole commits in their order; what it saw in a snapshot never changes. Looking for
// news costs two system calls while there are none, whatever the size of the store.
// Does not wait for commits.

package final class StoreFollower: Sendable {
  private struct Position {
    var number: UInt64
    var contents: JournalContents
    var file: any StoreFile
    var identity: String?
    /// While this process writes itself.
    var isPaused = false
  }

  private let environment: StoreEnvironment
  private let published: PublishedState
  private let position: Guarded<Position?>
  private let lastFailure = Guarded<StoreError?>(nil)

  package init(_ opened: Recovery.Opened, _ environment: StoreEnvironment, published: PublishedState) {
    self.environment = environment
    self.published = published
    position = Guarded(Self.position(opened, environment))
  }

  private static func position(_ opened: Recovery.Opened, _ environment: StoreEnvironment) -> Position? {
    guard let file = opened.journalFile else { return nil }
    var contents = opened.contents
    contents.records = []
    let path = environment.folder.path + "/" + JournalFormat.fileName(opened.state.number)
    // Gone already: the next look reads the state anew.
    return Position(
      number: opened.state.number, contents: contents, file: file,
      identity: environment.folder.files.identity(path))
  }

  /// Why the reader stays behind, if it does.
  package var failure: StoreError? { lastFailure.withLock { $0 } }

  /// Takes in what was committed since; after an error the reader stays where it was and tries again next time.
  package func follow() {
    position.withLock { position in
      do throws(StoreError) {
        guard var current = position, !current.isPaused else { return }
        let path = environment.folder.path + "/" + JournalFormat.fileName(current.number)
        // A checkpoint of the writer ends a journal by removing it.
        if let identity = environment.folder.files.identity(path), identity == current.identity {
          let records = try JournalReader.readOn(current.file, number: current.number, &current.contents)
          if !records.isEmpty {
            do throws(StoreError) {
              try apply(records)
            } catch {
              // What was applied in part must not be applied again: the state is read anew.
              position?.identity = nil
              throw error
            }
          }
          position = current
        } else if let reopened = try reopen() {
          position = reopened
        }
        lastFailure.withLock { $0 = nil }
      } catch {
        lastFailure.withLock { $0 = error }
      }
    }
  }

  /// Stops following while this process writes; what is published meanwhile is its own.
  package func pause() { position.withLock { $0?.isPaused = true } }

  /// Goes on following, from the state as it is then.
  package func resume() {
    position.withLock { position in
      position?.isPaused = false
      position?.identity = nil
    }
  }

  private func apply(_ records: [CommitRecord]) throws(StoreError) {
    var view = published.view
    var instants: [Int64] = []
    // Everything that may fail for a while, such as opening files, comes before the first change.
    var opened: [[SegmentReader]] = []
    for record in records {
      opened.append(
        try EngineApply.openSegments(
          of: record, finished: [], folder: environment.folder, store: environment.identifier,
          context: environment.context))
    }
    for (record, opened) in zip(records, opened) {
      guard record.commit == view.commit + 1 else {
        throw StoreError(.damaged, "the commits of the journal do not follow")
      }
      view = try EngineApply.apply(record, to: view, opened: opened)
      instants.append(record.instantMilliseconds)
    }
    published.publish(view, instants: instants)
  }

  private func reopen() throws(StoreError) -> Position? {
    let opened = try Recovery(folder: environment.folder, context: environment.context).open(isWriter: false)
    guard opened.store == environment.identifier else {
      throw StoreError(.damaged, "another store lies in the folder now", file: environment.folder.path)
    }
    published.replace(opened.view, instants: opened.instants)
    return Self.position(opened, environment)
  }
}
