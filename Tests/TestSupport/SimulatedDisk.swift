// Owns a disk in memory that loses what real disks lose: the base of every test that pulls the plug.
// Invariants: what was synced survives every crash; what was not may survive whole, in part, in another order, or not at all;
// everything a crash decides comes from its seed. A rename is atomic, as journaling file systems keep it.
// Does not fail calls; folders survive once they are made.

package import SegmentStore
import Synchronization

/// What a crash does to everything that was not synced.
package enum CrashDamage: CaseIterable, Sendable {
  /// Nothing of it is there.
  case lost
  /// All of it is there.
  case kept
  /// Everything up to some moment.
  case cut
  /// Any part of it, in no order.
  case reordered
  /// Names are there; of the data any sectors of 512 bytes.
  case tornSectors
  /// Everything up to some byte of some write.
  case tornBytes
  /// Names and lengths are there; the data are zeros or anything.
  case lengthsOnly
  /// Names are there, contents are as they were synced last.
  case namesOnly
}

/// A disk in memory.
package final class SimulatedDisk: FileSystem, @unchecked Sendable {
  // Sendable because everything that changes is behind `state`.

  struct Write {
    var order: Int
    var offset: Int
    var bytes: [UInt8]
    /// Cuts the file at the offset instead of writing.
    var cuts = false
  }

  struct Inode {
    var durable: [UInt8] = []
    var current: [UInt8] = []
    var pending: [Write] = []
  }

  struct NameChange {
    var order: Int
    /// Name that goes, name that comes with its file.
    var removed: String?
    var added: (name: String, inode: Int)?

    func touches(_ folder: String) -> Bool {
      [removed, added?.name].contains { $0.map(SimulatedDisk.folder) == folder }
    }
  }

  struct State {
    var inodes: [Int: Inode] = [:]
    var names: [String: Int] = [:]
    var durableNames: [String: Int] = [:]
    var pendingNames: [NameChange] = []
    var folders: Set<String> = [""]
    var locks: Set<String> = []
    /// Files that are held open.
    var openFiles = 0
    var nextInode = 1
    /// Calls that changed something so far.
    var calls = 0
  }

  private let mount: String
  let state: Mutex<State>
  /// Called after every call that changed something.
  package nonisolated(unsafe) var afterCall: ((Int) -> Void)?

  /// An empty disk whose paths begin with `mount`.
  package convenience init(mount: String) { self.init(mount: mount, State()) }

  private init(mount: String, _ state: State) {
    self.mount = mount
    self.state = Mutex(state)
  }

  /// Calls that changed something so far.
  package var calls: Int { state.withLock { $0.calls } }

  /// Files that are held open: none when all engines are gone.
  package var openFiles: Int { state.withLock { $0.openFiles } }
  /// Locks that are held.
  package var heldLocks: Set<String> { state.withLock { $0.locks } }

  fileprivate static func folder(_ name: String) -> String {
    name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
  }

  private func name(_ path: String) -> String {
    path.hasPrefix(mount) ? String(path.dropFirst(mount.count)) : path
  }

  private func change<Value>(_ body: (inout State) throws(StoreError) -> Value) throws(StoreError) -> Value {
    let result = state.withLock { state -> Result<Value, StoreError> in
      do throws(StoreError) {
        state.calls += 1
        return .success(try body(&state))
      } catch {
        return .failure(error)
      }
    }
    let value = try result.get()
    afterCall?(calls)
    return value
  }

  // MARK: FileSystem

  package func open(_ path: String, writable: Bool) throws(StoreError) -> any StoreFile {
    guard let inode = state.withLock({ $0.names[name(path)] }) else {
      throw StoreError(.notFound, "no such file", file: path)
    }
    return SimulatedFile(disk: self, inode: inode, path: path)
  }

  package func create(_ path: String) throws(StoreError) -> any StoreFile {
    let name = name(path)
    let inode = try change { (state) throws(StoreError) in
      guard state.names[name] == nil else { throw StoreError(.alreadyExists, "the file exists", file: path) }
      guard state.folders.contains(Self.folder(name)) else {
        throw StoreError(.notFound, "no folder", file: path)
      }
      let inode = state.nextInode
      state.nextInode += 1
      state.inodes[inode] = Inode()
      state.names[name] = inode
      state.pendingNames.append(NameChange(order: state.calls, removed: nil, added: (name, inode)))
      return inode
    }
    return SimulatedFile(disk: self, inode: inode, path: path)
  }

  package func createDirectory(_ path: String) throws(StoreError) {
    state.withLock { _ = $0.folders.insert(name(path)) }
  }

  package func list(_ path: String) throws(StoreError) -> [String] {
    let folder = name(path)
    return try state.withLock { state -> Result<[String], StoreError> in
      guard state.folders.contains(folder) else {
        return .failure(StoreError(.notFound, "no folder", file: path))
      }
      let all = Array(state.names.keys) + Array(state.folders)
      return .success(
        all.filter { $0 != folder && Self.folder($0) == folder }.map {
          String($0.dropFirst(folder.count + 1))
        }.sorted())
    }.get()
  }

  package func exists(_ path: String) -> Bool {
    state.withLock { $0.names[name(path)] != nil || $0.folders.contains(name(path)) }
  }

  package func size(_ path: String) throws(StoreError) -> Int64 { try open(path, writable: false).size() }

  package func rename(_ from: String, to: String) throws(StoreError) {
    let (from, to) = (name(from), name(to))
    try change { (state) throws(StoreError) in
      guard let inode = state.names.removeValue(forKey: from) else {
        throw StoreError(.notFound, "no such file", file: from)
      }
      state.names[to] = inode
      state.pendingNames.append(NameChange(order: state.calls, removed: from, added: (to, inode)))
    }
  }

  package func link(_ from: String, to: String) throws(StoreError) -> Bool {
    let (from, to) = (name(from), name(to))
    try change { (state) throws(StoreError) in
      guard let inode = state.names[from] else { throw StoreError(.notFound, "no such file", file: from) }
      guard state.names[to] == nil else { throw StoreError(.alreadyExists, "the file exists", file: to) }
      state.names[to] = inode
      state.pendingNames.append(NameChange(order: state.calls, removed: nil, added: (to, inode)))
    }
    return true
  }

  package func identity(_ path: String) -> String? { exists(path) ? name(path) : nil }

  package func remove(_ path: String) throws(StoreError) {
    let name = name(path)
    try change { (state) throws(StoreError) in
      guard state.names.removeValue(forKey: name) != nil else { return }
      state.pendingNames.append(NameChange(order: state.calls, removed: name, added: nil))
    }
  }

  package func syncDirectory(_ path: String) throws(StoreError) {
    let folder = name(path)
    try change { (state) throws(StoreError) in
      for change in state.pendingNames where change.touches(folder) {
        Self.apply(change, &state.durableNames)
      }
      state.pendingNames.removeAll { $0.touches(folder) }
    }
  }

  package func lock(_ path: String) throws(StoreError) -> (any FileLock)? {
    let name = name(path)
    guard state.withLock({ $0.locks.insert(name).inserted }) else { return nil }
    return SimulatedLock { [weak self] in self?.state.withLock { _ = $0.locks.remove(name) } }
  }

  private static func apply(_ change: NameChange, _ names: inout [String: Int]) {
    if let removed = change.removed { names[removed] = nil }
    if let added = change.added { names[added.name] = added.inode }
  }

  // MARK: Files

  fileprivate func read(
    _ inode: Int, _ buffer: UnsafeMutableRawBufferPointer, _ offset: Int64, _ path: String
  )
    throws(StoreError)
  {
    let isWhole = state.withLock { state -> Bool in
      guard let bytes = state.inodes[inode]?.current, Int(offset) + buffer.count <= bytes.count else {
        return false
      }
      bytes.withUnsafeBytes {
        buffer.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + buffer.count]))
      }
      return true
    }
    guard isWhole else { throw StoreError.damaged("the file ends too early", file: path, offset: offset) }
  }

  fileprivate func write(_ inode: Int, _ bytes: UnsafeRawBufferPointer, _ offset: Int64) throws(StoreError) {
    let bytes = Array(bytes)
    try change { (state) throws(StoreError) in
      let write = Write(order: state.calls, offset: Int(offset), bytes: bytes)
      if var file = state.inodes.removeValue(forKey: inode) {
        Self.apply(write, bytes.count, &file.current)
        file.pending.append(write)
        state.inodes[inode] = file
      }
    }
  }

  fileprivate func truncate(_ inode: Int, _ length: Int64) throws(StoreError) {
    try change { (state) throws(StoreError) in
      let cut = Write(order: state.calls, offset: Int(length), bytes: [], cuts: true)
      guard var file = state.inodes.removeValue(forKey: inode) else { return }
      Self.apply(cut, 0, &file.current)
      file.pending.append(cut)
      state.inodes[inode] = file
    }
  }

  fileprivate func sync(_ inode: Int) throws(StoreError) {
    try change { (state) throws(StoreError) in
      guard var file = state.inodes.removeValue(forKey: inode) else { return }
      // Not what is there now: a sync that failed may have left bytes that will never be written.
      for write in file.pending { Self.apply(write, write.bytes.count, &file.durable) }
      file.pending = []
      state.inodes[inode] = file
    }
  }

  fileprivate func forgetUnsynced(_ inode: Int, isReadable: Bool) {
    state.withLock { state in
      guard var file = state.inodes.removeValue(forKey: inode) else { return }
      if !isReadable { file.current = file.durable }
      file.pending = []
      state.inodes[inode] = file
    }
  }

  fileprivate func size(_ inode: Int) -> Int64 {
    Int64(state.withLock { $0.inodes[inode]?.current.count ?? 0 })
  }

  /// Writes the first `count` bytes of a write.
  private static func apply(_ write: Write, _ count: Int, _ content: inout [UInt8]) {
    let end = write.offset + count
    if write.cuts { content.removeLast(max(0, content.count - end)) }
    if content.count < end { content.append(contentsOf: repeatElement(0, count: end - content.count)) }
    content.replaceSubrange(write.offset..<end, with: write.bytes[..<count])
  }

  // MARK: Crash

  /// The disk as it is found after the power went away now.
  package func crashed(_ damage: CrashDamage, seed: UInt64, mount: String) -> SimulatedDisk {
    let now = state.withLock { $0 }
    var random = SeededGenerator(seed: seed)
    let orders = now.pendingNames.map(\.order) + now.inodes.values.flatMap { $0.pending.map(\.order) }
    let cut =
      orders.isEmpty ? 0 : Int.random(in: (orders.min() ?? 0) - 1...(orders.max() ?? 0), using: &random)
    var after = State()
    after.folders = now.folders
    after.nextInode = now.nextInode
    var names = now.durableNames
    for change in now.pendingNames {
      let survives: Bool
      switch damage {
      case .lost: survives = false
      case .cut, .tornBytes: survives = change.order <= cut
      case .reordered: survives = Bool.random(using: &random)
      case .kept, .tornSectors, .lengthsOnly, .namesOnly: survives = true
      }
      if survives { Self.apply(change, &names) }
    }
    after.names = names
    after.durableNames = names
    for inode in Set(names.values).sorted() {
      guard let file = now.inodes[inode] else { continue }
      let content = Self.content(file, damage, cut, &random)
      after.inodes[inode] = Inode(durable: content, current: content, pending: [])
    }
    return SimulatedDisk(mount: mount, after)
  }

  private static func content(
    _ file: Inode, _ damage: CrashDamage, _ cut: Int, _ random: inout SeededGenerator
  ) -> [UInt8] {
    var content = file.durable
    for write in file.pending {
      switch damage {
      case .lost, .namesOnly: break
      case .kept: apply(write, write.bytes.count, &content)
      case .cut: if write.order <= cut { apply(write, write.bytes.count, &content) }
      case .reordered: if Bool.random(using: &random) { apply(write, write.bytes.count, &content) }
      case .tornBytes:
        let isLast = write.order == cut
        if write.order <= cut {
          apply(
            write, isLast ? Int.random(in: 0...write.bytes.count, using: &random) : write.bytes.count,
            &content)
        }
      case .tornSectors:
        if write.cuts, Bool.random(using: &random) { apply(write, 0, &content) }
        for start in stride(from: 0, to: write.bytes.count, by: 512) where Bool.random(using: &random) {
          let end = min(write.bytes.count, start + 512)
          let part = Write(order: 0, offset: write.offset + start, bytes: Array(write.bytes[start..<end]))
          apply(part, end - start, &content)
        }
      case .lengthsOnly:
        let old = content.count
        let end = max(old, write.offset + write.bytes.count)
        let garbage = Bool.random(using: &random)
        content.append(
          contentsOf: (old..<end).map { _ in garbage ? UInt8.random(in: 0...255, using: &random) : 0 })
      }
    }
    return content
  }
}

/// A file of a simulated disk.
private final class SimulatedFile: StoreFile, ForgetfulFile {
  private let disk: SimulatedDisk
  private let inode: Int
  let path: String

  init(disk: SimulatedDisk, inode: Int, path: String) {
    self.disk = disk
    self.inode = inode
    self.path = path
    disk.state.withLock { $0.openFiles += 1 }
  }

  deinit { disk.state.withLock { $0.openFiles -= 1 } }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(StoreError) {
    try disk.read(inode, buffer, offset, path)
  }
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StoreError) {
    try disk.write(inode, bytes, offset)
  }
  func truncate(to length: Int64) throws(StoreError) { try disk.truncate(inode, length) }
  func sync() throws(StoreError) { try disk.sync(inode) }
  func size() throws(StoreError) -> Int64 { disk.size(inode) }
  func forgetUnsynced(isReadable: Bool) { disk.forgetUnsynced(inode, isReadable: isReadable) }
}

private final class SimulatedLock: FileLock {
  private let body: @Sendable () -> Void
  private let isReleased = Atomic<Bool>(false)
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  deinit { release() }
  func release() { if !isReleased.exchange(true, ordering: .relaxed) { body() } }
}
