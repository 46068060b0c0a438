// Owns what a receiver says of a package: which changes it took, which it refused and why.
// Invariants: a line names a change by its number alone; nothing of a record stands in a receipt.

/// What a receiver says of one package (交换回执).
///
/// ```json
/// {"route":"hebei-xzcf","package":12,"others":"accepted","lines":[{"id":"…","state":"rejected","code":"V09","message":"…"}]}
/// ```
public struct ExchangeReceipt: Codable, Sendable, Equatable {
  /// What became of a change.
  public enum State: String, Codable, Sendable, CaseIterable {
    /// The receiver has it (已接收).
    case accepted
    /// The receiver refused it (退回).
    case rejected
  }

  /// What became of one change.
  public struct Line: Codable, Sendable, Equatable {
    /// Number of the change: 32 hex digits.
    public var id: String
    /// What became of it.
    public var state: State
    /// The receiver's word for why, at most 64 bytes.
    public var code: String?
    /// The same for people, at most 512 bytes.
    public var message: String?

    /// Bytes of a code, and of a message, at most.
    package static let maximumBytes = (code: 64, message: 512)

    /// A text cut to so many bytes, between two characters.
    package static func cut(_ text: String?, to bytes: Int) -> String? {
      guard let text, text.utf8.count > bytes else { return text }
      var short = Substring(text.unicodeScalars.prefix(bytes))
      while short.utf8.count > bytes { short.unicodeScalars.removeLast() }
      return String(short)
    }

    /// Makes a line.
    public init(id: String, state: State, code: String? = nil, message: String? = nil) {
      self.id = id
      self.state = state
      self.code = code
      self.message = message
    }
  }

  /// Code of the sender's route.
  public var route: String
  /// Number of the package.
  public var package: Int
  /// What became of the changes that have no line; `nil` = not known yet.
  public var others: State?
  /// Changes by themselves.
  public var lines: [Line]

  /// Makes a receipt.
  public init(route: String, package: Int, others: State?, lines: [Line] = []) {
    self.route = route
    self.package = package
    self.others = others
    self.lines = lines
  }

  /// Reads the JSON form; `lines` and `others` may be left out.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    route = try container.decode(String.self, forKey: .route)
    package = try container.decode(Int.self, forKey: .package)
    others = try container.decodeIfPresent(State.self, forKey: .others)
    lines = try container.decodeIfPresent([Line].self, forKey: .lines) ?? []
  }

  /// What is wrong with it, or `nil`.
  public var problem: String? {
    if lines.isEmpty, others == nil { return "the receipt says nothing" }
    var known: Set<String> = []
    for line in lines {
      if !known.insert(line.id).inserted { return "change \(line.id.prefix(40)) has two lines" }
      if (line.code ?? "").utf8.count > Line.maximumBytes.code
        || (line.message ?? "").utf8.count > Line.maximumBytes.message
      {
        return "change \(line.id.prefix(40)): a code has at most 64 bytes, a message 512"
      }
    }
    return nil
  }
}
