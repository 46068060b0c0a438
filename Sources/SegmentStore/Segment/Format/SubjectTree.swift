// Owns the inner levels of the subject directory: a static B+tree over the first keys of the leaves.
// Invariants: the lowest level is stored (the fences), upper levels are built from it when it is loaded; nodes of 16
// keys, compared one by one (engine probes: the fastest width at 5 and 100 million keys).
// Does not hold runs of rows: they are in the leaves.

/// Where one leaf lies and where its keys start.
package struct SubjectFence: Sendable {
  package static let encodedSize = 48
  package var firstKey: UInt128
  package var subjects: UInt32
  package var location: BlockLocation

  package func encode(to buffer: inout ByteBuffer) {
    buffer.append(firstKey)
    buffer.append(subjects)
    buffer.append(UInt32(0))
    buffer.append(location)
  }
}

/// The tree of one segment, in memory.
package final class SubjectTree: Sendable {
  package static let nodeWidth = 16
  package let fences: [SubjectFence]
  /// Subjects before each leaf.
  let firstSubjects: [Int]
  /// Subjects of all leaves.
  let subjectCount: Int
  /// `levels[0]` holds the first key of every leaf; each upper level the first key of every 16 of the one below.
  private let levels: [[UInt128]]

  package var cost: Int { fences.count * 88 + 200 }

  package init(_ fences: [SubjectFence]) {
    self.fences = fences
    var subjects = 0
    firstSubjects = fences.map { fence in
      defer { subjects += Int(fence.subjects) }
      return subjects
    }
    subjectCount = subjects
    var levels = [fences.map(\.firstKey)]
    while let top = levels.last, top.count > Self.nodeWidth {
      levels.append(stride(from: 0, to: top.count, by: Self.nodeWidth).map { top[$0] })
    }
    self.levels = levels
  }

  /// Reads the fences block.
  package convenience init(_ raw: [UInt8], file: String, offset: Int64) throws(StoreError) {
    var reader = ByteReader(raw, file: file, offset: offset)
    let count = try reader.readCount(width: SubjectFence.encodedSize)
    var fences: [SubjectFence] = []
    fences.reserveCapacity(count)
    for _ in 0..<count {
      let key = try reader.read(UInt128.self)
      let subjects = try reader.read(UInt32.self)
      try reader.skip(4)
      guard subjects > 0, subjects <= UInt32(SubjectLeafFormat.subjects) else {
        throw reader.damage("an impossible leaf of subjects")
      }
      if let last = fences.last, last.firstKey >= key { throw reader.damage("the fences do not ascend") }
      fences.append(SubjectFence(firstKey: key, subjects: subjects, location: try reader.readLocation()))
    }
    guard reader.remaining == 0 else { throw reader.damage("bytes behind the fences") }
    self.init(fences)
  }

  /// Index of the leaf that holds a key if any does: the last whose first key is not larger; `nil` before the first.
  package func leafIndex(of key: UInt128) -> Int? {
    var node = 0
    for level in stride(from: levels.count - 1, through: 0, by: -1) {
      let keys = levels[level]
      let start = level == levels.count - 1 ? 0 : node * Self.nodeWidth
      let end = level == levels.count - 1 ? keys.count : min(start + Self.nodeWidth, keys.count)
      var smaller = 0
      for index in start..<end where keys[index] <= key { smaller += 1 }
      if smaller == 0 {
        // Only possible at the top: lower nodes start with the key their parent compared.
        return nil
      }
      node = start + smaller - 1
    }
    return node
  }
}
