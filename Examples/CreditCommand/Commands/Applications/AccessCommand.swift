// Owns `credit access`.

import ArgumentParser
import CreditApplications
import CreditModel
import CreditStore

struct AccessCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "access", abstract: "Prepares the platform, and keeps roles and who has them.",
    subcommands: [Prepare.self, Roles.self, Assign.self, List.self])

  struct Prepare: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a store ready for services that only read.")
    @OptionGroup var platform: PlatformOptions

    func run() async throws {
      try await platform.run { _, _ in
        try platform.show(["prepared": true], "the platform may be opened by services that only read")
      }
    }
  }

  struct Roles: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Enters roles from a JSON file: one object or an array.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "The file.") var file: String

    func run() async throws {
      try await platform.run { session, _ in
        let roles = try ApplicationFile.values(file, as: AccessRole.self, fields: AccessRole.fields)
        try session.publish(roles)
        try platform.show(["published": roles.count], "\(roles.count) roles published")
      }
    }
  }

  struct Assign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives an account its roles: all it has from now on; none takes them away.")
    @OptionGroup var platform: PlatformOptions
    @Argument(help: "The account.") var account: String
    @Argument(help: "Ids of roles.") var roles: [String] = []

    func run() async throws {
      try await platform.run { session, _ in
        let assignment = RoleAssignment(account: account, roles: roles)
        try session.assign([assignment])
        try platform.show(
          assignment, "\(account): \(roles.isEmpty ? "no role" : roles.joined(separator: ", "))")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists roles, and the accounts that have them.")
    @OptionGroup var platform: PlatformOptions

    func run() async throws {
      try await platform.run { session, _ in
        let assignments = try session.assignments()
        try platform.show(
          try session.roles(), ["role", "name", "audience", "scope", "actions", "accounts"]
        ) { role in
          [
            role.id, role.name, role.audience.rawValue, role.scope?.rawValue ?? "-",
            role.actions.map(\.rawValue).sorted().joined(separator: " "),
            assignments.filter { $0.roles.contains(role.id) }.map(\.account).joined(separator: " "),
          ]
        }
      }
    }
  }
}
