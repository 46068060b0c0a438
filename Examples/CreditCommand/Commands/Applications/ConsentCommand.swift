// Owns `credit consent`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

struct ConsentCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "consent", abstract: "Consents of subjects (信用信息查询授权).",
    subcommands: [Grant.self, Revoke.self, List.self])

  struct Grant: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Enters consents from a JSON file: one object or an array.",
      discussion: """
        A consent is {"id","subject":{"kind","text"},"grantee","purpose","grantedOn","validUntil","channel","evidence"} with "categories", "entries" or both, and may have \
        items, dataFrom, dataUntil, isByGuardian. The grantee is the unit's credit code, the channel online or paper, the evidence the SHA-256 of the document.
        """)
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "The file.") var file: String

    func run() async throws {
      try await platform.run { session, _ in
        let consents = try ApplicationFile.values(
          file, as: Consent.self,
          fields: [
            "id", "subject", "grantee", "categories", "entries", "items", "dataFrom", "dataUntil", "purpose",
            "grantedOn", "validUntil", "channel", "evidence", "isByGuardian", "revokedOn", "revocationReason",
          ])
        for consent in consents { try session.grant(consent) }
        try platform.show(["granted": consents.count], "\(consents.count) consents entered")
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revokes a consent: nothing is read with it any more.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Id of the consent.") var id: String
    @Option(help: "Why.") var reason: String

    func run() async throws {
      try await platform.run { session, _ in
        try session.revokeConsent(id, reason: reason)
        try platform.show(["revoked": id], "\(id) is revoked")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists the consents of a subject.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "Identifier of the subject.") var subject: String

    func run() async throws {
      try await platform.run { session, _ in
        try platform.show(
          try session.consents(of: subject), ["id", "unit", "for", "from", "until", "revoked"]
        ) {
          [
            $0.id, $0.grantee, ($0.categories + $0.entries).joined(separator: " "), $0.grantedOn.description,
            $0.validUntil.description, $0.revokedOn?.description ?? "-",
          ]
        }
      }
    }
  }
}
