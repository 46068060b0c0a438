// Owns the texts of subjects while a segment is written: one of each kind for each subject that has one, whichever dataset brought it first.
// Invariants: a text stays where it is until the table goes; what a dataset added can be taken back as a whole; memory is bounded.
// Does not decide which columns follow the texts, and does not encode them.

/// The texts of subjects of one segment: names, and whatever else is the same wherever a subject stands.
package final class SubjectTextTables {
  /// Bytes of memory that all tables may still take.
  final class Room {
    var bytes: Int
    init(bytes: Int) { self.bytes = bytes }
  }

  private let room: Room
  /// In the order of their columns.
  package private(set) var all: [SubjectTextTable] = []

  /// - Parameter byteLimit: bytes of memory that all tables may take together.
  package init(byteLimit: Int) { room = Room(bytes: byteLimit) }

  /// A table for texts of another kind; `nil` when there are as many as can be.
  package func add() -> SubjectTextTable? {
    let columns = SubjectTexts.columnIDs
    guard all.count < columns.count else { return nil }
    let table = SubjectTextTable(id: columns.lowerBound + UInt32(all.count), room)
    all.append(table)
    return table
  }

  /// Takes the last table back.
  package func removeLast() { room.bytes += all.removeLast().bytes }
}

/// Texts by subject.
package final class SubjectTextTable {
  /// Bytes of a text at most; longer ones are no names.
  private static let textBytes = 4096
  /// Bytes of memory that a subject takes beside its text.
  private static let subjectBytes = 128

  /// The column they will be.
  package let id: UInt32
  private let memory = StableArena()
  private var index = SlotIndex()
  /// By slot; those behind ``begin()`` are the last.
  private var keys: [UInt128] = []
  private var places: [TextReference] = []
  /// Slots that were there at ``begin()``.
  private var begun = 0
  private let room: SubjectTextTables.Room

  init(id: UInt32, _ room: SubjectTextTables.Room) {
    self.id = id
    self.room = room
  }

  /// The text of a subject; valid while the table lives.
  package func text(of key: UInt128) -> UnsafeRawBufferPointer? {
    guard let slot = index.find(Self.hash(key), where: { keys[$0] == key }) else { return nil }
    return UnsafeRawBufferPointer(start: places[slot].base, count: places[slot].count)
  }

  private static func hash(_ key: UInt128) -> UInt32 {
    UInt32(truncatingIfNeeded: TextHash.combine(0, key: key))
  }

  /// Bytes of memory it took of the room.
  fileprivate var bytes: Int { memory.byteCount + places.count * Self.subjectBytes }

  /// Begins with another dataset.
  package func begin() { begun = keys.count }

  /// Gives a subject that has none its text; returns where it lies, `nil` when there is no room for it.
  package func add(_ text: UnsafeRawBufferPointer, to key: UInt128) -> UnsafeRawBufferPointer? {
    let cost = text.count + Self.subjectBytes
    guard text.count <= Self.textBytes, cost <= room.bytes else { return nil }
    room.bytes -= cost
    let place = TextReference(base: memory.copy(text), count: text.count)
    index.insert(Self.hash(key), slot: keys.count)
    keys.append(key)
    places.append(place)
    return UnsafeRawBufferPointer(start: place.base, count: place.count)
  }

  /// Takes back what came since ``begin()``; its bytes are not used again.
  package func rollBack() {
    for slot in begun..<keys.count { index.remove(Self.hash(keys[slot]), slot: slot) }
    // The texts themselves stay where they are until the table goes.
    room.bytes += (keys.count - begun) * Self.subjectBytes
    keys.removeSubrange(begun...)
    places.removeSubrange(begun...)
  }
}
