// Owns the JSON files by which units, accounts, tasks and routes are entered.
// Invariants: one object or an array of them; nothing is entered of a file that cannot be read whole; an error names the file and the place in it.

import CreditModel
import CreditStore
import Foundation

/// A file with what a register is to hold.
enum RegisterFile {
  /// Reads a JSON file with one object or an array of them.
  static func objects<Value: Decodable>(in file: String, _ type: Value.Type) throws -> [Value] {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    if let size = attributes?[.size] as? Int, size > 64 << 20 {
      throw CreditError("tooLarge", "the file is larger than 64 MiB", file: file)
    }
    guard let data = FileManager.default.contents(atPath: file) else {
      throw CreditError("unreadable", "the file cannot be read", file: file)
    }
    let decoder = JSONDecoder()
    do {
      let first = data.first { !" \n\r\t".utf8.contains($0) }
      return first == UInt8(ascii: "[")
        ? try decoder.decode([Value].self, from: data) : [try decoder.decode(Value.self, from: data)]
    } catch let error as DecodingError {
      throw CreditError("invalidJSON", Self.message(error), file: file)
    }
  }

  private static func message(_ error: DecodingError) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }.joined(
        separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context): return "\(path(context)): \(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      return "\(path(context)): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }

  /// Enters what a JSON file holds into a store, and says how much of it was new.
  static func enter<Value: Decodable>(
    _ file: String, into store: StoreArgument, _ waiting: WaitOption, _ output: OutputOptions,
    _ publish: (CreditDatabase, [Value]) throws -> RegisterResult
  ) async throws {
    try await output.reporting {
      let values = try objects(in: file, Value.self)
      let database = try waiting.open(store)
      let result = try publish(database, values)
      try database.close()
      output.show([("published", .int(result.published)), ("unchanged", .int(result.unchanged))])
    }
  }
}
