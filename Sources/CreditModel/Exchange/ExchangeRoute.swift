// Owns the description of what goes to one receiver: which entries, in which form.
// Invariants: the code is good for a file name; what somebody receives without a law behind it is never personal.
// Does not know what was sent (CreditStore).

/// What goes to one receiver: a platform above, or a department that subscribed (交换通道、订阅).
///
/// ```swift
/// let route = ExchangeRoute(code: "hebei-xzcf", receiver: "河北省公共信用信息平台", purpose: .upward, entries: ["XZCF"])
/// ```
public struct ExchangeRoute: Codable, Sendable, Hashable {
  /// Why records go there.
  public enum Purpose: String, Codable, Sendable, CaseIterable {
    /// A platform above that records are reported to (上报).
    case upward
    /// A department that asked for them (部门订阅).
    case subscription
    /// A platform that gets the records of those subjects alone who consented, such as one for financing (经授权上报).
    case authorized
  }

  /// The form of a package.
  public enum Form: String, Codable, Sendable, CaseIterable {
    /// A change a line, as JSON: for databases and services, and for another store.
    case jsonLines
    /// CSV with a header, as files are filled in: records that go and records that are taken back in a file each.
    case csv
  }

  /// The columns of the CSV form.
  public enum Layout: String, Codable, Sendable, CaseIterable {
    /// The items of the entry, in its order.
    case catalogue
    /// The 28 columns of permits of the 2018 standard (发改办财金〔2018〕424号), dates as 2026/11/29.
    case permits2018
    /// Its 30 columns of penalties.
    case penalties2018
  }

  /// The header of the CSV form.
  public enum Heading: String, Codable, Sendable, CaseIterable {
    /// Ids of items, such as XK_XDR_MC.
    case ids
    /// Their Chinese names.
    case names
  }

  /// What the route is called: 1 to 64 letters, digits, `-`, `_` of ASCII; names of files begin with it.
  public var code: String
  /// Who receives: a name, or a credit code.
  public var receiver: String
  /// Why.
  public var purpose: Purpose
  /// Codes of the entries, 1 to 1,000.
  public var entries: [String]
  /// The form.
  public var form: Form
  /// The columns of the CSV form.
  public var layout: Layout
  /// The header of the CSV form.
  public var heading: Heading
  /// The law or agreement that lets a department have what is shared on condition, or seen by the authorized alone (共享依据). Of an authorized route: the
  /// purpose that subjects consented to, word for word.
  public var basis: String?
  /// Whether anything is packed for it.
  public var isActive: Bool

  /// Makes a route; see the properties.
  public init(
    code: String, receiver: String, purpose: Purpose, entries: [String], form: Form = .jsonLines,
    layout: Layout = .catalogue, heading: Heading = .ids, basis: String? = nil, isActive: Bool = true
  ) {
    self.code = code
    self.receiver = receiver
    self.purpose = purpose
    self.entries = entries
    self.form = form
    self.layout = layout
    self.heading = heading
    self.basis = basis
    self.isActive = isActive
  }

  /// Reads the JSON form; all but code, receiver, purpose and entries may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    code = try container.decode(String.self, forKey: .code)
    receiver = try container.decode(String.self, forKey: .receiver)
    purpose = try container.decode(Purpose.self, forKey: .purpose)
    entries = try container.decode([String].self, forKey: .entries)
    form = try container.decodeIfPresent(Form.self, forKey: .form) ?? .jsonLines
    layout = try container.decodeIfPresent(Layout.self, forKey: .layout) ?? .catalogue
    heading = try container.decodeIfPresent(Heading.self, forKey: .heading) ?? .ids
    basis = try container.decodeIfPresent(String.self, forKey: .basis)
    isActive = try container.decodeIfPresent(Bool.self, forKey: .isActive) ?? true
  }

  /// What is wrong with it, or `nil`.
  public var problem: String? {
    let isName = code.utf8.allSatisfy { byte in
      byte &- 0x30 <= 9 || (byte | 0x20) &- 0x61 <= 25 || byte == 0x2D || byte == 0x5F
    }
    if !isName || !(1...64).contains(code.utf8.count) {
      return "a route's code has 1 to 64 letters, digits, - and _"
    }
    if !(1...200).contains(receiver.utf8.count) { return "route \(code): the receiver has 1 to 200 bytes" }
    if !(1...1000).contains(entries.count) || Set(entries).count != entries.count {
      return "route \(code): it has 1 to 1000 entries, each once"
    }
    if (basis ?? "").utf8.count > 4096 { return "route \(code): the basis has at most 4096 bytes" }
    if purpose == .authorized, basis?.allSatisfy(\.isWhitespace) ?? true {
      return "route \(code): the basis of an authorized route is the purpose that subjects consent to"
    }
    if layout != .catalogue, form != .csv {
      return "route \(code): layout \(layout.rawValue) is one of the form csv"
    }
    return nil
  }

  /// Why an entry may not go this way, or `nil`: what is not shared stays, and what is shared on condition, or seen by the authorized alone, needs a basis.
  ///
  /// Reporting upward follows the catalogue of the platform above and asks for a basis where an entry is for the authorized; on an authorized route each subject is asked.
  ///
  /// - Parameter entry: one of the entries.
  public func refusal(of entry: CatalogueEntry) -> String? {
    if purpose == .upward, entry.openness == .authorized, basis?.allSatisfy(\.isWhitespace) ?? true {
      return
        "entry \(entry.code) is for whom its subjects authorize: name the law that asks for it as the basis of the route, or enter an authorized route"
    }
    guard purpose == .subscription else { return nil }
    if entry.sharing == .none { return "entry \(entry.code) is not shared" }
    guard basis?.isEmpty ?? true else { return nil }
    if entry.sharing == .conditional {
      return "entry \(entry.code) is shared on condition: name the basis of the route"
    }
    if let item = entry.items.first(where: { entry.openness(of: $0) == .authorized }) {
      return "item \(item.id) of entry \(entry.code) is for the authorized: name the basis of the route"
    }
    return nil
  }
}
