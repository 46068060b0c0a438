// Owns the sheet that goes with a package: what it holds, who sent it, which package came before.
// Invariants: a receiver can tell from it alone whether it has the package already, whether one is missing before it, and whether the files are whole.

/// What goes with a package of changes (交换清单).
public struct ExchangeManifest: Codable, Sendable, Equatable {
  /// The form this library writes.
  public static let presentFormat = 1

  /// One file.
  public struct File: Codable, Sendable, Equatable {
    /// Its name, in the folder of the manifest.
    public var name: String
    /// Changes in it.
    public var changes: Int
    /// Its bytes.
    public var bytes: Int
    /// SHA-256 of them, 64 hex digits.
    public var sha256: String

    /// Makes a file.
    public init(name: String, changes: Int, bytes: Int, sha256: String) {
      self.name = name
      self.changes = changes
      self.bytes = bytes
      self.sha256 = sha256
    }
  }

  /// The form of the package: 1.
  public var format = ExchangeManifest.presentFormat
  /// UUID of the store that sends.
  public var sender: String
  /// Code of its route.
  public var route: String
  /// Who receives.
  public var receiver: String
  /// Number of the package in the route, from 1.
  public var package: Int
  /// Number of the package before; `nil` for the first, and for one that begins anew.
  public var previous: Int?
  /// The package whose refused changes it sends again.
  public var repeats: Int?
  /// Whether it holds all that the sender has of the entry: what the receiver got from it otherwise is taken back.
  public var isFull: Bool
  /// Code of the entry.
  public var entry: String
  /// Its version.
  public var entryVersion: Int
  /// Ids of the items that identify a subject.
  public var subject: [String]
  /// Ids of those that identify a record.
  public var recordKey: [String]
  /// Ids of all items.
  public var items: [String]
  /// The form of the files.
  public var form: ExchangeRoute.Form
  /// Records that go.
  public var puts: Int
  /// Records that are taken back.
  public var withdrawals: Int
  /// The files.
  public var files: [File]

  /// Makes a manifest; files are added as they are written.
  public init(
    sender: String, route: ExchangeRoute, package: Int, previous: Int?, repeats: Int?, isFull: Bool,
    entry: CatalogueEntry, puts: Int, withdrawals: Int
  ) {
    self.sender = sender
    self.route = route.code
    receiver = route.receiver
    self.package = package
    self.previous = previous
    self.repeats = repeats
    self.isFull = isFull
    self.entry = entry.code
    entryVersion = entry.version
    subject = entry.subject
    recordKey = entry.recordKey
    items = entry.items.map(\.id)
    form = route.form
    self.puts = puts
    self.withdrawals = withdrawals
    files = []
  }
}
