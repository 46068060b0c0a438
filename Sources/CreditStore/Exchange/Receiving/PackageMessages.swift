// Owns reading the changes of a package that came in, as often as they are needed.
// Invariants: each reading gives the same changes or fails: the first compares the file with its manifest, the others with the first; every change is what
// its number says, and none comes twice.
// Does not decide what is done with them (Receiving).

import CreditModel
import Foundation
import SegmentStore

final class PackageMessages {
  /// Bytes of a change at most: two rows of the largest kind, all of it escaped.
  private static let maximumBytes = 256 << 20

  let file: ExchangeManifest.File
  private let manifest: ExchangeManifest
  private let open: () throws -> any ByteSource
  /// What the first reading gave.
  private var digest: String?

  /// - Parameter open: begins to read the file.
  init(
    _ manifest: ExchangeManifest, _ file: ExchangeManifest.File, open: @escaping () throws -> any ByteSource
  ) {
    self.manifest = manifest
    self.file = file
    self.open = open
  }

  /// One reading.
  final class Reader {
    private let messages: PackageMessages
    private let reader: JSONRecordReader?
    private var hasher = SHA256()
    private var line = 0
    private var isOver = false

    fileprivate init(_ messages: PackageMessages, _ source: any ByteSource) throws {
      self.messages = messages
      let file = messages.file
      reader =
        file.bytes > 0
        ? try JSONRecordReader(
          source, path: file.name, member: nil, maximumBytes: PackageMessages.maximumBytes) : nil
    }

    /// The next change; `nil` behind the last one, when all came that came at the first reading.
    func next() throws -> ExchangeMessage? {
      guard !isOver else { return nil }
      guard let bytes = try reader?.next() else {
        isOver = true
        let digest = hasher.finalize().hexText
        if let first = messages.digest, first != digest {
          throw CreditError("fileChanged", "the file changed while it was read", file: messages.file.name)
        }
        messages.digest = digest
        return nil
      }
      line += 1
      guard let message = try? JSONDecoder().decode(ExchangeMessage.self, from: Data(bytes)),
        message.entry == messages.manifest.entry,
        message.numbered(sender: messages.manifest.sender).id == message.id
      else {
        throw CreditError(
          "invalidMessage", "the change cannot be read, or is not what its number says",
          file: messages.file.name, row: line)
      }
      hasher.update(message.id.utf8)
      return message
    }
  }

  /// Begins another reading.
  func reader() throws -> Reader { try Reader(self, open()) }

  /// Reads all changes.
  func forEach(_ body: (ExchangeMessage) throws -> Void) throws {
    let reader = try reader()
    while let message = try reader.next() { try body(message) }
  }

  /// Reads all of it, before anything happens: whether the file is what the manifest says.
  func verify() throws {
    let source = HashingBytes(try open())
    let reader = try Reader(self, source)
    var (puts, withdrawals) = (0, 0)
    var numbers: Set<UInt128> = []
    while let message = try reader.next() {
      guard numbers.insert(message.number).inserted else {
        throw CreditError(
          "invalidMessage", "a change comes twice", file: file.name, row: puts + withdrawals + 1)
      }
      if message.operation == .put { puts += 1 } else { withdrawals += 1 }
    }
    let (count, digest) = try source.finish()
    guard count == file.bytes, digest == file.sha256 else {
      throw CreditError(
        "fileChanged", "the file is not the one the manifest names; let it be sent again", file: file.name)
    }
    guard puts == manifest.puts, withdrawals == manifest.withdrawals else {
      throw CreditError("invalidManifest", "the package holds other counts of changes than its manifest says")
    }
  }
}

extension ExchangeMessage {
  /// The number as 16 bytes; 0 for what is none.
  var number: UInt128 { UInt128(id, radix: 16) ?? 0 }
}

/// Bytes on their way to a reader, counted and hashed.
private final class HashingBytes: ByteSource {
  private let source: any ByteSource
  private var hasher = SHA256()
  private var count = 0
  var totalBytes: Int? { source.totalBytes }

  init(_ source: any ByteSource) { self.source = source }

  func read(into target: UnsafeMutableRawPointer, count limit: Int) throws(StoreError) -> Int {
    let read = try source.read(into: target, count: limit)
    hasher.update(UnsafeRawBufferPointer(start: target, count: read))
    count += read
    return read
  }

  /// Reads what is left; gives the count and the digest of all bytes.
  func finish() throws -> (count: Int, digest: String) {
    try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) { buffer in
      guard let base = buffer.baseAddress else { return }
      while try read(into: base, count: buffer.count) > 0 {}
    }
    return (count, hasher.finalize().hexText)
  }
}
