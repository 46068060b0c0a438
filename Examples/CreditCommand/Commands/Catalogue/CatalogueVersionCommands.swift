// Owns `credit catalogue versions`, `diff`, `check`, `rollback`, `submit`, `reviews`, `approve` and `reject`.

import ArgumentParser
import Console
import CreditModel
import CreditStore
import Foundation

extension CatalogueCommand {
  struct VersionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "versions", abstract: "Lists the published versions of an entry.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of the entry.")
    var code: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let versions = try store.openForReading().catalogue.versions(of: code)
        guard !output.json else {
          for version in versions {
            Terminal.line(
              JSON.object([
                ("version", .int(version.entry.version)), ("commit", .unsigned(version.commit)),
                ("instant", .string(version.instant.formatted(.iso8601))),
                ("note", version.entry.versionNote.map { .string($0) } ?? .null),
                ("items", .int(version.entry.items.count)),
              ]).text)
          }
          return
        }
        Terminal.table(
          ["version", "commit", "instant", "items", "note"],
          versions.map {
            [
              String($0.entry.version), String($0.commit), $0.instant.formatted(.iso8601),
              String($0.entry.items.count), $0.entry.versionNote ?? "",
            ]
          })
      }
    }
  }

  struct DifferenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diff", abstract: "Shows what changed between two versions of an entry.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of the entry.")
    var code: String
    @Argument(help: "The earlier version.")
    var from: Int
    @Argument(help: "The later version; the current one without it.")
    var to: Int?
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let difference = try store.openForReading().catalogue.difference(of: code, from: from, to: to)
        if output.json {
          Terminal.line(try JSON.encoding(difference))
        } else {
          for change in difference.changes { Terminal.line(change.description) }
          if difference.changes.isEmpty { Terminal.error("no difference") }
        }
      }
    }
  }

  struct CheckVersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check",
      abstract:
        "Says what the records there are would no longer satisfy under a new version, before it is published."
    )

    @OptionGroup var store: StoreArgument
    @Argument(help: "JSON file with the new version.")
    var file: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let check = try await store.openForReading().catalogue.checkInBackground(
          CatalogueCommand.entry(in: file))
        if output.json {
          Terminal.line(try JSON.encoding(check))
        } else {
          Terminal.error("\(check.entry): version \(check.from) → \(check.to), \(check.records) records")
          if let obstacle = check.obstacle { Terminal.error("cannot be published: \(obstacle)") }
          Terminal.table(
            ["item", "problem", "records", "batches"],
            check.findings.map {
              [
                $0.item, $0.problem.rawValue, String($0.records),
                $0.batches.map(String.init).joined(separator: " "),
              ]
            })
        }
        if !check.isClean { throw CommandFailure() }
      }
    }
  }

  struct RollBackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rollback", abstract: "Publishes what an earlier version said, as the next version.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of the entry.")
    var code: String
    @Argument(help: "The version to go back to.")
    var version: Int
    @Option(help: "Why.")
    var note: String?
    @OptionGroup var leaving: LeavingOption
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        let entry = try database.catalogue.rollBack(
          code, to: version, note: note, leavesValues: leaving.leaveValues)
        try database.close()
        output.show([("entry", .string(code)), ("version", .int(entry.version))])
      }
    }
  }

  struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "submit", abstract: "Submits a version of an entry for review.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "JSON file with the version.")
    var file: String
    @Option(help: "Who submits it.")
    var by: String
    @Option(help: "What the reviewer should know.")
    var note: String?
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let entry = try CatalogueCommand.entry(in: file)
        let database = try waiting.open(store)
        try database.catalogue.submit(entry, by: by, note: note)
        try database.close()
        output.show([
          ("entry", .string(entry.code)), ("version", .int(entry.version)), ("state", .string("pending")),
        ])
      }
    }
  }

  struct ReviewsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "reviews",
      abstract: "Lists versions that wait for a decision, or what became of one entry's.")

    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of an entry: everything that was submitted and decided for it.")
    var code: String?
    @Option(help: "pending, approved, rejected or withdrawn.")
    var state: EntryReview.State = .pending
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await output.reporting {
        let catalogue = try store.openForReading().catalogue
        let reviews = try code.map { try catalogue.reviewHistory(of: $0) } ?? catalogue.reviews(state)
        guard !output.json else {
          for review in reviews {
            func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
            Terminal.line(
              JSON.object([
                ("entry", .string(review.entry.code)), ("version", .int(review.entry.version)),
                ("state", .string(review.state.rawValue)), ("by", .string(review.submitter)),
                ("note", text(review.note)), ("decidedBy", text(review.decider)),
                ("reason", text(review.reason)),
                ("commit", .unsigned(review.commit)),
                ("instant", .string(review.instant.formatted(.iso8601))),
              ]).text)
          }
          return
        }
        Terminal.table(
          ["entry", "version", "state", "by", "note", "decided by", "reason"],
          reviews.map {
            [
              $0.entry.code, String($0.entry.version), $0.state.rawValue, $0.submitter, $0.note ?? "",
              $0.decider ?? "", $0.reason ?? "",
            ]
          })
      }
    }
  }

  /// Whose waiting version is decided on, and by whom.
  struct DecisionArguments: ParsableArguments {
    @OptionGroup var store: StoreArgument
    @Argument(help: "Code of the entry.")
    var code: String
    @Option(help: "Who decides, or takes it back.")
    var by: String
    @OptionGroup var waiting: WaitOption
    @OptionGroup var output: OutputOptions

    /// Opens the store, decides and prints the version with its state.
    func run(
      _ state: EntryReview.State, _ decide: (CreditCatalogue) throws -> CatalogueEntry
    ) async throws {
      try await output.reporting {
        let database = try waiting.open(store)
        let entry = try decide(database.catalogue)
        try database.close()
        output.show([
          ("entry", .string(code)), ("version", .int(entry.version)), ("state", .string(state.rawValue)),
        ])
      }
    }
  }

  struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "approve", abstract: "Publishes the version of an entry that waits.")

    @OptionGroup var decision: DecisionArguments
    @Option(help: "Why.")
    var reason: String?
    @OptionGroup var leaving: LeavingOption

    func run() async throws {
      try await decision.run(.approved) {
        try $0.approve(
          decision.code, by: decision.by, reason: reason, leavesValues: leaving.leaveValues)
      }
    }
  }

  struct RejectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "reject", abstract: "Refuses the version of an entry that waits.")

    @OptionGroup var decision: DecisionArguments
    @Option(help: "Why; the submitter reads it.")
    var reason: String

    func run() async throws {
      try await decision.run(.rejected) { try $0.reject(decision.code, by: decision.by, reason: reason) }
    }
  }

  struct WithdrawReviewCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "withdraw", abstract: "Takes the version of an entry that waits back.")

    @OptionGroup var decision: DecisionArguments

    func run() async throws {
      try await decision.run(.withdrawn) { try $0.withdraw(decision.code, by: decision.by) }
    }
  }
}
