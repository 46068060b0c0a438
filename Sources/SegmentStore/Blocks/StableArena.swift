// Owns memory that grows without ever moving what it holds: texts others point to.
// Invariants: a pointer handed out stays valid until the arena dies or is emptied; every chunk has 256 readable bytes behind
// its end (ByteArena). Marked kernel: callers write only what they reserved.

/// Memory in chunks that never move.
package final class StableArena {
  private let chunkBytes: Int
  private var chunks: [ByteArena] = []
  /// Bytes handed out.
  package private(set) var byteCount = 0

  package init(chunkBytes: Int = 1 << 16) { self.chunkBytes = chunkBytes }

  /// Makes room for bytes that stay where they are.
  package func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    if let last = chunks.last, last.capacity - last.count >= bytes {
      let place = last.reserve(bytes)
      last.advance(bytes)
      byteCount += bytes
      return place
    }
    let chunk = ByteArena(capacity: max(bytes, chunkBytes))
    chunks.append(chunk)
    let place = chunk.reserve(bytes)
    chunk.advance(bytes)
    byteCount += bytes
    return place
  }

  /// Copies bytes.
  package func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer {
    let place = allocate(bytes.count)
    if let base = bytes.baseAddress { place.copyMemory(from: base, byteCount: bytes.count) }
    return UnsafeRawPointer(place)
  }

  /// Forgets everything but keeps one chunk.
  package func removeAll() {
    chunks.removeLast(max(0, chunks.count - 1))
    chunks.first?.truncate(to: 0)
    byteCount = 0
  }
}
