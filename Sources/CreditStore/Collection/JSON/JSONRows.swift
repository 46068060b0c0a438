// Owns giving the objects of a JSON file to collection as rows: the names of their members are the header, absent members empty cells.
// Invariants: objects are rows in their order; the header has every name there is, in the order in which they are met, so the file is read twice; an object
// that cannot be read is a row all the same, which does not fit its header and is kept aside as it is.
// Does not judge rows.

import CreditModel
import SegmentStore

/// The rows of a JSON file, as the bytes of a CSV file.
final class JSONRows: ByteSource {
  let totalBytes: Int?
  var raggedReason: RuleFinding? {
    RuleFinding(
      rule: "R-JSON", item: "", message: "no JSON object, or a member stands in it twice")
  }
  private let reader: JSONRecordReader
  private var places: [[UInt8]: Int] = [:]
  private var names: [[UInt8]]
  private var pending = RowBytes()

  /// Names of an object at most; a header has no more columns.
  private static let maximumNames = 4096

  /// - Parameters:
  ///   - path: the file.
  ///   - member: where the records are in a member of one object around them, its name.
  ///   - encoding: of its text.
  /// - Throws: `CreditError`: `unreadable`, `empty`, `undecodable` and `invalidJSON` with the offset.
  init(path: String, member: String?, encoding: FileEncoding) throws {
    let file = try DecodedBytes(FileBytes(path: path), path: path, encoding: encoding)
    totalBytes = file.totalBytes
    do {
      names = try Self.names(JSONRecordReader(file, path: path, member: member), path: path)
    } catch {
      guard let offset = file.undecodableOffset else { throw error }
      throw CreditError(
        "undecodable", "there stands what is no GB 18030; name the encoding or convert the file to UTF-8",
        file: path, offset: Int64(offset))
    }
    reader = try JSONRecordReader(
      DecodedBytes(FileBytes(path: path), path: path, encoding: encoding), path: path, member: member)
    for (place, name) in names.enumerated() { places[name] = place }
    append(row: names.map { .text($0) })
  }

  /// All names of members, in the order in which they are met.
  private static func names(_ reader: JSONRecordReader, path: String) throws -> [[UInt8]] {
    var names: [[UInt8]] = []
    var known: Set<[UInt8]> = []
    var hasObject = false
    var hasRecord = false
    while let record = try reader.next() {
      hasRecord = true
      var own: [[UInt8]] = []
      let isWhole = JSONRecordText.read(record) { name, _ in
        own.append(name)
        return own.count <= maximumNames
      }
      guard isWhole else { continue }
      hasObject = true
      for name in own where known.insert(name).inserted { names.append(name) }
      guard names.count <= maximumNames else {
        throw CreditError(
          "wrongHeader", "the objects have more than \(maximumNames) different members", file: path)
      }
    }
    guard hasObject || !hasRecord else {
      throw CreditError("invalidJSON", "no line of the file is a JSON object", file: path, offset: 0)
    }
    guard !names.isEmpty else {
      throw CreditError("empty", "the file has no object with a member", file: path)
    }
    return names
  }

  func read(into target: UnsafeMutableRawPointer, count: Int) throws(StoreError) -> Int {
    if pending.count == 0 { try refill() }
    return pending.take(into: target, count: count)
  }

  private func refill() throws(StoreError) {
    do {
      while pending.count < 128 << 10, let record = try reader.next() { append(record) }
    } catch let error as StoreError { throw error } catch {
      // The first reading found nothing wrong: the file changed meanwhile.
      throw StoreError(.inputOutput, "the file changed while it was read: \(error)")
    }
  }

  // MARK: Rows

  private func append(_ record: ArraySlice<UInt8>) {
    var cells = [JSONRecordText.Cell?](repeating: nil, count: names.count)
    var expected = 0
    let isWhole = JSONRecordText.read(record) { name, cell in
      // Most objects have their members in the order of the header.
      let place = expected < names.count && names[expected] == name ? expected : places[name]
      // A member that stands twice says two things.
      guard let place, cells[place] == nil else { return false }
      cells[place] = cell
      expected = place + 1
      return true
    }
    if isWhole {
      append(row: cells.map { $0 ?? .absent })
    } else {
      // One cell more than the header has: it stays there as it is, for somebody to look at, and in no column that it is not the value of.
      append(row: names.map { _ in .absent } + [.text(Array(record))])
    }
  }

  private func append(row cells: [JSONRecordText.Cell]) {
    pending.append(cells.map { if case .text(let bytes) = $0 { bytes } else { nil } })
  }
}
