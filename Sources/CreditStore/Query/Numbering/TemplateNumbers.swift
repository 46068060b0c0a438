// Owns the templates of texts that a question meets, numbered for all its threads.
// Invariants: a template has one number, which never changes; once the list is full nothing is added, so that whether a template has a number
// never changes after it was asked for. Templates never move while this lives.
// Does not take texts apart.

import SegmentStore

/// Templates by number, shared by the threads of a question.
final class TemplateNumbers: Sendable {
  /// Templates at most; texts of further ones are kept as they are.
  static let limit = 1 << 14
  /// Texts that are longer are kept as they are.
  static let maximumTextBytes = 256

  private struct List: @unchecked Sendable {
    // Sendable because it is only read and changed under the lock, and what it points to is never written again.
    let texts = TextNumbering()
  }

  private let list = Guarded(List())

  /// What one thread knows of the list.
  final class Reader {
    private let shared: TemplateNumbers
    private let texts = TextNumbering()
    private var isFull = false

    init(_ shared: TemplateNumbers) { self.shared = shared }

    var byteCount: Int { texts.byteCount }

    /// The number of a template, which is added if there is room.
    func number(of template: UnsafeRawBufferPointer) -> UInt32? {
      if let known = texts.known(template) { return known }
      guard !isFull else { return nil }
      return shared.list.withLock { list in
        if list.texts.known(template) == nil, list.texts.count < TemplateNumbers.limit {
          _ = list.texts.number(of: template)
        }
        // What the other threads added comes along: numbers are the same here and there.
        for number in texts.count..<list.texts.count { _ = texts.number(of: list.texts[number]) }
        isFull = list.texts.count == TemplateNumbers.limit
        return list.texts.known(template)
      }
    }

    /// Learns what the other threads added.
    func synchronize() {
      shared.list.withLock { list in
        for number in texts.count..<list.texts.count { _ = texts.number(of: list.texts[number]) }
      }
    }

    /// The template of a number, which this or, before the last synchronization, another thread added.
    func template(_ number: Int) -> UnsafeRawBufferPointer { texts[number] }
  }
}
