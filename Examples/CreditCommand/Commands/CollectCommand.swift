// Owns `credit collect` and `credit rejects`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

extension FileEncoding: @retroactive ExpressibleByArgument {}

struct CollectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect", abstract: "Takes in CSV files, one batch each.",
    discussion:
      "Header names may be item ids, Chinese names or aliases. A failed file does not stop the others.")

  @OptionGroup var store: StoreArgument
  @Option(help: "Code of the catalogue entry.")
  var entry: String
  @Option(help: "Credit code of the reporting unit.")
  var unit: String?
  @Option(help: "Encoding of the files: utf-8, gb18030 or auto.")
  var encoding: FileEncoding = .auto
  @Option(help: ArgumentHelp("Refuse a file with more rows set aside than this.", valueName: "rows"))
  var maximumRejects: Int?
  @OptionGroup var memory: MemoryOption
  @OptionGroup var waiting: WaitOption
  @OptionGroup var output: OutputOptions
  @Argument(help: "The files.")
  var files: [String]

  func run() async throws {
    var failed = 0
    try await output.reporting {
      let database = try waiting.open(store, memory: memory, megabytes: 896)
      if let unit, !Identifier.check(unit, as: .unifiedSocialCreditCode, on: CreditDatabase.today()).isValid {
        Terminal.error("note: \(unit) is no valid unified social credit code of a unit")
      }
      _ = try database.catalogue.entry(entry)
      var rows: [[String]] = []
      for file in files {
        do {
          let receipt = try await collect(file, into: database)
          if output.json { print(receipt) } else { rows.append(Self.cells(receipt)) }
        } catch {
          failed += 1
          print(CreditError(wrapping: error), file: file)
        }
      }
      if !rows.isEmpty {
        Terminal.table(
          [
            "file", "batch", "reported", "loaded", "updated", "duplicate", "questionable", "unlinked",
            "warnings",
            "seconds",
          ], rows)
      }
      try database.close()
    }
    if failed > 0 { throw CommandFailure() }
  }

  private func collect(_ file: String, into database: CreditDatabase) async throws -> Receipt {
    let bar = ProgressBar(file.split(separator: "/").last.map(String.init) ?? file)
    defer { bar.finish() }
    var options = CollectionOptions(today: CreditDatabase.today())
    options.maximumRejects = maximumRejects
    return try await database.collect(
      .csv(file, encoding: encoding), for: entry, from: unit, options: options
    ) {
      bar.show($0.fraction, "\($0.phase.rawValue), \($0.rows) rows, \($0.setAside) set aside")
    }
  }

  private func print(_ receipt: Receipt) {
    Terminal.line(
      JSON.object([
        ("file", .string(receipt.file)), ("batch", .unsigned(receipt.batch)),
        ("reported", .int(receipt.reported)),
        ("loaded", .int(receipt.loaded)), ("updated", .int(receipt.updated)),
        ("duplicate", .int(receipt.duplicate)),
        ("questionable", .int(receipt.questionable)), ("unlinked", .int(receipt.unlinked)),
        ("warnings", .int(receipt.warnings)), ("commit", .unsigned(receipt.commit)),
        ("seconds", .number((receipt.seconds * 1000).rounded() / 1000)),
      ]).text)
  }

  private func print(_ error: CreditError, file: String) {
    if output.json {
      Terminal.line(JSON.object([("file", .string(file)), ("error", JSON.error(error))]).text)
    } else {
      Terminal.error("credit: " + error.description)
    }
  }

  private static func cells(_ receipt: Receipt) -> [String] {
    [
      receipt.file.split(separator: "/").last.map(String.init) ?? receipt.file, String(receipt.batch),
      String(receipt.reported), String(receipt.loaded), String(receipt.updated), String(receipt.duplicate),
      String(receipt.questionable), String(receipt.unlinked), String(receipt.warnings),
      String((receipt.seconds * 100).rounded() / 100),
    ]
  }
}

struct RejectsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rejects", abstract: "The questionable and unlinked rows of a batch.")

  @OptionGroup var store: StoreArgument
  @Argument(help: "Number of the batch.")
  var batch: UInt64
  @OptionGroup var masking: MaskingOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await output.reporting {
      let presentation = try masking.presentation()
      let rows = try store.openForReading().snapshot().setAsideRows(ofBatch: batch)
      guard output.json else {
        Terminal.table(
          ["row", "state", "rule", "item", "message"],
          rows.flatMap { row in
            row.reasons.map {
              [String(row.row), row.state.name, $0.rule, $0.item, presentation.text($0.message)]
            }
          })
        return
      }
      for row in rows {
        let reasons = row.reasons.map { reason in
          JSON.object([
            ("rule", .string(reason.rule)), ("item", .string(reason.item)),
            ("message", .string(presentation.text(reason.message))),
          ])
        }
        let raw: (String, JSON) =
          switch row.raw {
          case .object(let text): ("raw", .raw(presentation.rawRow(text)))
          case .base64(let text): ("rawBase64", .string(presentation.rawBytes(text)))
          case .missing: ("raw", .null)
          case .excerpt(let text):
            // The beginning of a huge record may hold anything: it is only shown for a purpose.
            ("rawExcerpt", masking.unmasked ? .raw(text) : .string("withheld; use --unmasked --purpose TEXT"))
          }
        Terminal.line(
          JSON.object([
            ("row", .int(row.row)), ("state", .string(row.state.name)), ("reasons", .array(reasons)), raw,
          ]).text)
      }
    }
  }
}

extension MaskingOptions {
  /// What may be shown.
  func presentation() throws -> RecordPresentation {
    let today = CreditDatabase.today()
    guard unmasked, let purpose else { return .masked(on: today) }
    return try .unmasked(purpose: purpose, on: today)
  }
}
