// Owns how sub-commands of the applications open the platform and say who works with it.
// Invariants: every such command is logged with a name and a purpose.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore
import Foundation

/// The platform of a sub-command, and who works with it.
struct PlatformOptions: ParsableArguments {
  @Argument(help: "Folder of the store.")
  var store: String
  @Option(help: "What for; it stands in the access log.")
  var purpose: String = "运维"
  @Option(help: "Who; it stands in the access log.")
  var by: String = ProcessInfo.processInfo.environment["USER"] ?? "operator"
  @OptionGroup var output: OutputOptions

  /// Runs a body with a session of whoever keeps the store, and turns its error into the command's.
  func run(
    audience: Audience = .centre, unit: String? = nil, consent: String? = nil, today: Day? = nil,
    _ body: (AccessSession, CreditPlatform) throws -> Void
  ) async throws {
    try await output.reporting {
      var options = CreditPlatform.Options()
      if let today { options.today = { today } }
      try CreditPlatform(opening: store, mode: .shared(), options: options).whileOpen { platform in
        let session = try platform.keeperSession(
          name: by, purpose: purpose, audience: audience, unit: unit, consent: consent)
        try body(session, platform)
      }
    }
  }

  /// Prints a value: as JSON, or with the words for people.
  func show(_ value: some Encodable, _ words: @autoclosure () -> String) throws {
    Terminal.line(output.json ? try JSON.encoding(value) : words())
  }

  /// Prints values: a line of JSON each, or a table.
  func show<Value: Encodable>(
    _ values: [Value], _ header: [String], _ row: (Value) -> [String]
  ) throws {
    if output.json {
      for value in values { Terminal.line(try JSON.encoding(value)) }
    } else {
      Terminal.table(header, values.map(row))
    }
  }
}

/// The consent that a reading rests on (授权书).
struct ConsentOptions: ParsableArguments {
  @Option(help: "Number of the subject's consent; --unit and --purpose are those it was given to and for.")
  var consent: String?
  @Option(help: ArgumentHelp("With --consent: credit code of the unit that reads.", valueName: "code"))
  var unit: String?

  func validate() throws {
    guard (consent == nil) == (unit == nil) else { throw ValidationError("--consent and --unit go together") }
  }
}

/// Who sends something to others, and what for, as it stands in the access log.
struct LoggingOptions: ParsableArguments {
  @Option(help: "What for; it stands in the access log.")
  var purpose: String = "数据交换"
  @Option(help: "Who; it stands in the access log.")
  var by: String = ProcessInfo.processInfo.environment["USER"] ?? "operator"

  /// Does something with the exchange of a store, and logs it.
  func exchange<Result>(
    _ store: StoreArgument, _ waiting: WaitOption, _ body: (AccessSession) throws -> Result
  ) throws -> Result {
    try CreditPlatform(opening: store.store, mode: .shared(waitSeconds: waiting.wait)).whileOpen {
      try body(try $0.keeperSession(name: by, purpose: purpose))
    }
  }
}

extension CreditPlatform {
  /// Gives the platform to a body and closes it however the body ends; a refusal becomes the
  /// error of a command, with the rule that refused as its code.
  fileprivate func whileOpen<Result>(_ body: (CreditPlatform) throws -> Result) throws -> Result {
    let result: Result
    do {
      result = try body(self)
    } catch {
      try? close()
      guard let refusal = error as? AccessRefusal else { throw error }
      throw CreditError(refusal.rule.rawValue, refusal.message)
    }
    try close()
    return result
  }
}

extension Audience: @retroactive ExpressibleByArgument {}

/// A month as an option.
extension Month: @retroactive ExpressibleByArgument {
  /// Reads the text of an option.
  public init?(argument: String) { self.init(argument) }
}

/// Reading files of the applications.
enum ApplicationFile {
  /// One value or an array of them from a JSON file.
  ///
  /// - Parameter fields: the fields that there are; where they are given, others are refused: a misspelt limit would be none.
  static func values<Value: Decodable>(
    _ path: String, as type: Value.Type, fields: Set<String>? = nil
  ) throws -> [Value] {
    let data = try contents(path)
    if let fields, let json = try? JSONSerialization.jsonObject(with: data) {
      let objects = (json as? [Any] ?? [json]).compactMap { $0 as? [String: Any] }
      if let unknown = objects.flatMap(\.keys).filter({ !fields.contains($0) }).min() {
        throw CreditError(
          "invalidFile", "there is no field \(unknown); there are \(fields.sorted().joined(separator: ", "))",
          file: path)
      }
    }
    do {
      if data.first(where: { !" \n\r\t".utf8.contains($0) }) == UInt8(ascii: "[") {
        return try JSONDecoder().decode([Value].self, from: data)
      }
      return [try JSONDecoder().decode(type, from: data)]
    } catch let error as RulesError { throw CreditError(error.code, error.message, file: path) } catch {
      throw CreditError("invalidFile", words(error), file: path)
    }
  }

  /// What is wrong with a file, for people: which field is missing, or has what in its place.
  private static func words(_ error: any Error) -> String {
    func place(_ path: [any CodingKey]) -> String {
      path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context)?:
      return "the field \(place(context.codingPath + [key])) is missing"
    case .typeMismatch(_, let context)?, .valueNotFound(_, let context)?, .dataCorrupted(let context)?:
      let field = place(context.codingPath)
      return (field.isEmpty ? "the file" : "the field \(field)") + " is not what is expected: "
        + context.debugDescription
    default: return "the file is not what is expected: \(error)"
    }
  }

  /// Writes a text as a whole.
  static func write(_ text: String, to path: String) throws {
    do { try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      throw CreditError(
        "unwritable", "the file cannot be written: is there the folder, and room on the disk?", file: path)
    }
  }

  /// The material that a file is: its name and its SHA-256.
  static func material(_ path: String) throws -> CaseMaterial {
    CaseMaterial(of: try contents(path), title: URL(fileURLWithPath: path).lastPathComponent)
  }

  private static func contents(_ path: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CreditError("unreadable", "the file cannot be read", file: path)
    }
    return data
  }
}
