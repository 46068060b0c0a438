// Owns `credit collect`.

import ArgumentParser
import Console
import CreditApplications
import CreditModel
import CreditStore

extension FileEncoding: @retroactive ExpressibleByArgument {}

/// What a file is written in.
enum FileFormat: String, ExpressibleByArgument, CaseIterable {
  case auto, csv, json, xlsx
}

struct CollectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collect", abstract: "Takes in CSV and JSON files and .xlsx workbooks, one batch each.",
    discussion:
      "Header names, or names of members, may be item ids, Chinese names or aliases. A failed file does not stop the others."
  )

  @OptionGroup var store: StoreArgument
  @Option(help: "Code of the catalogue entry.")
  var entry: String
  @Option(help: "Credit code of the reporting unit.")
  var unit: String?
  @Option(help: "Encoding of CSV and JSON files: utf-8, gb18030 or auto.")
  var encoding: FileEncoding = .auto
  @Option(
    help:
      "Format of the files: csv, json (lines or an array), xlsx, or auto: what .json, .jsonl, .ndjson and .xlsx say."
  )
  var format: FileFormat = .auto
  @Option(help: ArgumentHelp("The member of a JSON object that holds the records.", valueName: "name"))
  var recordsIn: String?
  @Option(
    help: ArgumentHelp("The sheet of a workbook; else the first that is not hidden.", valueName: "name"))
  var sheet: String?
  @Option(
    help: ArgumentHelp(
      "The row of a sheet with the header; else the first with two values.", valueName: "row"))
  var headerRow: Int?
  @Option(help: ArgumentHelp("Refuse a file with more rows set aside than this.", valueName: "rows"))
  var maximumRejects: Int?
  @Option(help: "How the data came: manual, file, database, frontEndMachine, interface.")
  var channel: ReportingChannel = .file
  @Option(help: "The period the data is for, such as 2026-11.")
  var period: String?
  @Option(help: "The batch whose rejected rows are sent again, corrected.")
  var resubmits: UInt64?
  @Option(
    help: ArgumentHelp(
      "Entries whose names are those of the subjects: rows with another name are counted as V16; 'none' compares nothing.",
      valueName: "code"))
  var nameRegister = CollectionOptions(today: CreditDatabase.today()).nameRegisters
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
          if output.json {
            print(receipt)
          } else {
            rows.append(Self.cells(receipt))
            remark(receipt)
          }
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
    (options.channel, options.period, options.resubmits) = (channel, period, resubmits)
    options.nameRegisters = nameRegister == ["none"] ? [] : nameRegister
    if options.nameRegisters != CollectionOptions(today: CreditDatabase.today()).nameRegisters {
      for code in options.nameRegisters { _ = try database.catalogue.entry(code) }
    }
    return try await database.collect(
      source(file), for: entry, from: unit, options: options
    ) {
      bar.show($0.fraction, "\($0.phase.rawValue), \($0.rows) rows, \($0.setAside) set aside")
    }
  }

  private func source(_ file: String) -> CreditDatabase.Source {
    let suffix = file.split(separator: ".").last.map { $0.lowercased() } ?? ""
    if format == .json || format == .auto && ["json", "jsonl", "ndjson"].contains(suffix) {
      return .json(file, recordsIn: recordsIn, encoding: encoding)
    }
    if format == .xlsx || format == .auto && ["xlsx", "xlsm"].contains(suffix) {
      return .xlsx(file, sheet: sheet, headerRow: headerRow)
    }
    return .csv(file, encoding: encoding)
  }

  private func print(_ receipt: Receipt) {
    Terminal.line(
      JSON.object(
        [
          ("file", .string(receipt.file)), ("batch", .unsigned(receipt.batch)),
          ("reported", .int(receipt.reported)),
          ("loaded", .int(receipt.loaded)), ("updated", .int(receipt.updated)),
          ("duplicate", .int(receipt.duplicate)),
          ("questionable", .int(receipt.questionable)), ("unlinked", .int(receipt.unlinked)),
          ("warnings", .int(receipt.warnings)), ("commit", .unsigned(receipt.commit)),
          ("seconds", .number((receipt.seconds * 1000).rounded() / 1000)),
        ] + details(receipt)
      ).text)
  }

  /// What only some receipts have.
  private func details(_ receipt: Receipt) -> [(String, JSON)] {
    var members: [(String, JSON)] = []
    if let warnings = receipt.warningRules {
      members.append(
        (
          "warningRules",
          .array(
            warnings.map {
              .object([
                ("rule", .string($0.rule)), ("rows", .int($0.rows)),
                ("firstRows", .array($0.firstRows.map(JSON.int))),
              ])
            })
        ))
    }
    if let columns = receipt.ignoredColumns {
      members.append(("ignoredColumns", .array(columns.map { .string($0) })))
    }
    return members
  }

  /// Tells people what a table of counters does not.
  private func remark(_ receipt: Receipt) {
    if let columns = receipt.ignoredColumns {
      Terminal.error(
        "credit: \(receipt.file): columns that are no item were left out: \(columns.joined(separator: ", "))")
    }
    for warning in receipt.warningRules ?? [] {
      let rows = warning.firstRows.prefix(10).map(String.init).joined(separator: ", ")
      Terminal.error(
        "credit: \(receipt.file): \(warning.rows) rows with warning \(warning.rule), the first: \(rows)")
    }
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
