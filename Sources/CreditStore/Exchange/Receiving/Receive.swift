// Owns the calls that take in a package, and reading its manifest.
// Invariants: a manifest names one file beside it, and no other place. Does not take in itself (Receiving).

public import CreditModel
import Foundation
import SegmentStore

extension CreditDatabase {
  private static let maximumManifestBytes = 4 << 20

  /// Takes in a package of another platform: records and corrections that it hands down, records that it takes back (下发数据入库).
  ///
  /// ```swift
  /// let received = try await database.receive(manifest: "inbox/province-000012.json")
  /// try JSONEncoder().encode(received.receipt).write(to: answer)
  /// ```
  /// The entry must stand in this catalogue with the same items for subject and record key. What a rule refuses is set aside in the batch and named in the
  /// receipt; it is the sender's to correct and send again. What this store itself withdrew or marked as repaired stays so, and the receipt says `R-CLOSED`.
  ///
  /// - Parameters:
  ///   - path: the manifest; the file with the changes lies beside it.
  ///   - unit: credit code of the unit that counts as the one that reports.
  /// - Throws: `CreditError`: `invalidManifest`, `unreadable`, `fileChanged`, `invalidMessage`, `unknownEntry`, `otherIdentity`, `unknownItem`, `wrongHeader`,
  ///   `unitNotAllowed`, `packageMissing` where one before it did not come, `otherPackage` where another of the number did, `ownPackage` for one that this store sent: nothing is taken in then. `tooManyRejects`
  ///   where a rule refuses more than 100,000 rows: no row is taken in then, but what the package takes back is taken back. `conflict`
  ///   where somebody else takes in packages of the route at the same time, and errors of the disk: taking it in again ends it.
  @concurrent
  public func receive(manifest path: String, from unit: String? = nil) async throws -> ReceivedPackage {
    try await WorkerThreads.perform { [self] in
      do {
        let manifest = try Self.manifest(at: path)
        let folder = (path as NSString).deletingLastPathComponent
        let file = try Self.file(of: manifest, path)
        let changes = folder.isEmpty ? file.name : folder + "/" + file.name
        return try Receiving(self, manifest, file, unit: unit) { try FileBytes(path: changes) }.run()
      } catch { throw CreditError(wrapping: error) }
    }
  }

  /// The same for a service that gets package and manifest in a request.
  ///
  /// - Parameters:
  ///   - manifest: of the package.
  ///   - changes: its changes, a JSON line each.
  ///   - unit: credit code of the unit that counts as the one that reports.
  /// - Throws: `CreditError`, as of the other form.
  @concurrent
  public func receive(
    _ manifest: ExchangeManifest, changes: [UInt8], from unit: String? = nil
  ) async throws -> ReceivedPackage {
    try await WorkerThreads.perform { [self] in
      do {
        let file = try Self.file(of: manifest, nil)
        return try Receiving(self, manifest, file, unit: unit) {
          var piece: [UInt8]? = changes
          return HandedBytes(totalBytes: changes.count) {
            defer { piece = nil }
            return piece
          }
        }.run()
      } catch { throw CreditError(wrapping: error) }
    }
  }

  private static func manifest(at path: String) throws -> ExchangeManifest {
    try FileBytes.checkIsFile(path)
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int ?? 0
    guard size <= maximumManifestBytes, let data = FileManager.default.contents(atPath: path) else {
      throw CreditError("unreadable", "the manifest cannot be read, or has more than 4 MiB", file: path)
    }
    do {
      return try JSONDecoder().decode(ExchangeManifest.self, from: data)
    } catch { throw CreditError("invalidManifest", "the file is no manifest of a package", file: path) }
  }

  /// The file with the changes.
  private static func file(of manifest: ExchangeManifest, _ path: String?) throws -> ExchangeManifest.File {
    func refuse(_ message: String) -> CreditError { CreditError("invalidManifest", message, file: path) }
    guard manifest.format == ExchangeManifest.presentFormat else {
      throw refuse("the package has format \(manifest.format), which is of a later version")
    }
    guard manifest.form == .jsonLines, manifest.files.count == 1, let file = manifest.files.first else {
      throw refuse("only packages of the form jsonLines are taken in; collect a CSV file instead")
    }
    let isName = !file.name.isEmpty && !file.name.contains("/") && file.name != ".." && file.name != "."
    guard isName, (1...ExchangePackage.maximumNumber).contains(manifest.package), file.bytes >= 0,
      (1...64).contains(manifest.sender.utf8.count), (1...64).contains(manifest.route.utf8.count),
      !manifest.sender.contains("|"), !manifest.route.contains("|"), file.sha256.utf8.count == 64
    else { throw refuse("the manifest contradicts itself") }
    return file
  }
}
