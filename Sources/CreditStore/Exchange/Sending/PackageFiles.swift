// Owns writing a package to files: its changes in the form of the route, and the manifest that goes with them.
// Invariants: the manifest appears last and whole, so that a folder never holds a manifest without its files; the same package gives the same bytes, or
// an error; files are readable by their owner alone.
// Does not carry files anywhere.

public import CreditModel
import Foundation
import SegmentStore

extension CreditSnapshot {
  /// Writes a package: its changes, and a manifest `ROUTE-NUMBER.json` that names them.
  ///
  /// May be done as often as one likes: the files are the same each time. They hold what the records hold, personal numbers too, and belong to the
  /// receiver alone.
  ///
  /// - Parameters:
  ///   - package: one of a route of this store.
  ///   - folder: where the files go; it must exist. Files of the same names are replaced.
  /// - Returns: the manifest.
  /// - Throws: `CreditError`: `unknownRoute`, `restart` for a package that holds nothing, `packageChanged` where a purge took some of its changes since,
  ///   `consentEnded` where it would give records of somebody who consents no longer, `routeClosed`, `notShared` where the route or the entry was closed
  ///   since, `inputOutput`, `diskFull`.
  @discardableResult
  public func write(_ package: ExchangePackage, to folder: String) throws -> ExchangeManifest {
    do {
      let (route, content, previous) = try parts(of: package)
      let name = package.fileName
      var manifest = ExchangeManifest(
        sender: database.identifier, route: route, package: package.number, previous: previous,
        repeats: package.repeats, isFull: package.isFull,
        entry: content.published, puts: package.puts, withdrawals: package.withdrawals)
      let files = database.engine.folder.files
      let writer = PackageWriter(folder: folder, files: files)
      var digest = ""
      switch route.form {
      case .jsonLines:
        try writer.begin(name + ".jsonl")
        try content.forEach { message in
          try writer.append(Array(message.line.utf8) + [0x0A], ofChange: true)
        }
        let file = try writer.end()
        manifest.files.append(file)
        digest = file.sha256
      case .csv:
        // Messages are read once for each file: neither is held in memory.
        for (operation, ending) in [(ExchangeMessage.Operation.put, ""), (.withdraw, "-withdrawn")] {
          guard operation == .put || package.withdrawals + package.replacements > 0 else { continue }
          digest = try writeCSV(
            content, operation, ExchangeColumns(route, content.published), to: name + ending + ".csv", writer)
          manifest.files.append(try writer.end())
        }
      }
      guard digest == package.sha256 else { throw Self.changed(package, route) }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let text = [UInt8](try encoder.encode(manifest)) + [0x0A]
      try writer.begin(name + ".json")
      try writer.append(text, ofChange: false)
      _ = try writer.end()
      try writer.publish()
      return manifest
    } catch { throw CreditError(wrapping: error) }
  }

  /// Gives the changes of a package one by one: for services that hand them over themselves.
  ///
  /// - Parameters:
  ///   - package: one of a route of this store.
  ///   - body: gets each change, in the order in which they came. What it makes of them counts when this returns without an error.
  /// - Throws: `CreditError` as ``write(_:to:)``, and what the body throws.
  public func messages(
    of package: ExchangePackage, _ body: (ExchangeMessage) throws -> Void
  ) throws {
    do {
      let (route, content, _) = try parts(of: package)
      var hasher = SHA256()
      try content.forEach { message in
        hasher.update(message)
        try body(message)
      }
      guard hasher.finalize().hexText == package.sha256 else { throw Self.changed(package, route) }
    } catch { throw CreditError(wrapping: error) }
  }

  private static func changed(_ package: ExchangePackage, _ route: ExchangeRoute) -> CreditError {
    CreditError(
      "packageChanged",
      "package \(package.number) of route \(route.code) no longer holds what it held: records were purged since. If the receiver does not have it, let the "
        + "route begin anew")
  }

  private func parts(
    of package: ExchangePackage
  ) throws -> (route: ExchangeRoute, content: PackageContent, previous: Int?) {
    let tables = ExchangeTables(snapshot: engine)
    let known = try tables.packages(of: package.route)
    guard let place = known.firstIndex(where: { $0.number == package.number }) else {
      throw CreditError("unknownPackage", "route \(package.route) has no package \(package.number)")
    }
    guard package.state != .restart else {
      throw CreditError("restart", "package \(package.number) holds nothing: the route begins anew behind it")
    }
    // What may not go any more does not go in a package either that was put together before.
    let now = database.snapshot()
    let present = try ExchangeTables(snapshot: now.engine).route(package.route)
    guard present.isActive else {
      throw CreditError("routeClosed", "route \(package.route) is not active: nothing of it goes")
    }
    // Also of an entry that left the route since: because it is shared no more, say.
    if known[place].puts > 0, let refusal = present.refusal(of: try now.entry(known[place].entry)) {
      throw CreditError("notShared", "route \(package.route): \(refusal)")
    }
    // The route as it was when the package was made: its form may have changed since.
    let then = database.engine.snapshot(asOf: known[place].batch ?? engine.commit)
    let route = try ExchangeTables(snapshot: then).route(package.route)
    let previous = place > 0 && known[place - 1].state != .restart ? known[place - 1].number : nil
    var content = try PackageContent(known[place], in: database)
    content.permitted = try database.permitted(for: known[place], content.published)
    return (route, content, previous)
  }

  /// - Returns: the digest of all changes, those of the other file too.
  private func writeCSV(
    _ content: PackageContent, _ operation: ExchangeMessage.Operation, _ columns: ExchangeColumns,
    to name: String, _ writer: PackageWriter
  ) throws -> String {
    var hasher = SHA256()
    try writer.begin(name)
    var rows = RowBytes()
    rows.append(columns.header.map { Array($0.utf8) })
    try writer.append(rows.takeAll(), ofChange: false)
    try content.forEach { message in
      hasher.update(message)
      // What a corrected record without key was before is taken back too.
      let values =
        message.operation == operation ? message.values : operation == .withdraw ? message.replaces : nil
      guard let values else { return }
      rows.append(columns.cells(values, content.published))
      try writer.append(rows.takeAll(), ofChange: true)
    }
    return hasher.finalize().hexText
  }
}

/// Writes the files of a package under other names, and gives them their own at the end.
private final class PackageWriter {
  private static let pieceBytes = 1 << 20

  private let folder: String
  private let files: any FileSystem
  private var file: (any StoreFile)?
  private var name = ""
  private var waiting: [UInt8] = []
  private var written: Int64 = 0
  private var changes = 0
  private var hasher = SHA256()
  private var finished: [String] = []

  init(folder: String, files: any FileSystem) {
    self.folder = folder
    self.files = files
  }

  /// What stands behind the names of files that are not whole: somebody may write the same package at the same time, and a writer that was killed left its own.
  private let ending = "." + String(UInt64.random(in: 0 ... .max), radix: 36) + ".part"

  private func path(_ name: String, isPart: Bool) -> String {
    folder + "/" + (isPart ? name + ending : name)
  }

  func begin(_ name: String) throws {
    self.name = name
    file = try files.create(path(name, isPart: true))
    (waiting, written, changes, hasher) = ([], 0, 0, SHA256())
    finished.append(name)
  }

  func append(_ bytes: [UInt8], ofChange isChange: Bool) throws {
    waiting += bytes
    changes += isChange ? 1 : 0
    hasher.update(bytes)
    if waiting.count >= Self.pieceBytes { try flush() }
  }

  private func flush() throws {
    try file?.write(waiting, at: written)
    written += Int64(waiting.count)
    waiting.removeAll(keepingCapacity: true)
  }

  func end() throws -> ExchangeManifest.File {
    try flush()
    try file?.sync()
    file = nil
    return ExchangeManifest.File(
      name: name, changes: changes, bytes: Int(written), sha256: hasher.finalize().hexText)
  }

  /// Gives the files their names, in the order in which they were begun: the manifest last.
  func publish() throws {
    for name in finished {
      try files.rename(path(name, isPart: true), to: path(name, isPart: false))
    }
    try files.syncDirectory(folder)
  }

  // What was not published is of no use to anybody.
  deinit {
    file = nil
    for name in finished where files.exists(path(name, isPart: true)) {
      try? files.remove(path(name, isPart: true))
    }
  }
}
