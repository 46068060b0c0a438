// Owns a record as somebody may see it.
// Invariants: holds nothing that the reader may not see: items that are not shown are not in it.

public import CreditModel

/// A record as it is shown to a caller (信用记录的展示).
public struct ShownRecord: Codable, Sendable, Equatable {
  /// One item with its value.
  public struct Item: Codable, Sendable, Equatable {
    /// Id of the item.
    public var id: String
    /// Its name.
    public var name: String
    /// The value, masked where it has to be.
    public var value: String
    /// Whether part of the value is masked.
    public var isMasked: Bool
  }

  /// An item that may be seen and has no value.
  public struct Absent: Codable, Sendable, Equatable {
    /// Id of the item.
    public var id: String
    /// Its name.
    public var name: String
  }

  /// Code of the entry.
  public var entry: String
  /// Name of the entry.
  public var entryName: String
  /// Category of the information.
  public var category: String
  /// What it says about its subject.
  public var nature: CatalogueEntry.Nature
  /// The identifier it stands under, masked where it has to be.
  public var subject: String
  /// Kind of subject, as far as that identifier tells.
  public var subjectKind: SubjectKind
  /// The record key, with identity numbers masked where they have to be; `nil` where it holds what may not be seen.
  public var key: String?
  /// Version of the record.
  public var version: Int
  /// State of the record.
  public var state: String
  /// Commit of the version.
  public var commit: UInt64
  /// The day of the event, where its item is shown.
  public var day: Day?
  /// Credit code of the unit that reported it.
  public var unit: String?
  /// Whether somebody objects to it and no decision is made yet (异议标注).
  public var isDisputed: Bool
  /// How long it is public, where the day of the event is shown.
  public var publication: Publication?
  /// Whether it counts on the day: its membership or period has begun and is not over.
  public var isInForce: Bool
  /// Whose catalogue the entry comes from.
  public var level: CatalogueEntry.Level?
  /// The subject's name in the record, where it is shown.
  public var subjectName: String?
  /// The subject's state in the record, where it is shown.
  public var subjectState: String?
  /// The items with a value that may be seen, in the order of the entry.
  public var items: [Item]
  /// Those that may be seen and have no value.
  public var absentItems: [Absent]

  /// The same with citizen identity numbers masked wherever they stand: for lists that whoever may see them in full prints without having to.
  ///
  /// - Parameter day: today; numbers whose birth date lies behind it are none.
  public func maskingNumbers(on day: Day) -> ShownRecord {
    var shown = self
    shown.subject = PersonalNumbers.masked(subject, on: day)
    shown.key = key.map { PersonalNumbers.masked($0, on: day) }
    shown.subjectName = subjectName.map { PersonalNumbers.masked($0, on: day) }
    for place in items.indices {
      let masked = PersonalNumbers.masked(items[place].value, on: day)
      guard masked != items[place].value else { continue }
      (shown.items[place].value, shown.items[place].isMasked) = (masked, true)
    }
    return shown
  }

  /// The value of an item, where it is shown.
  public subscript(_ id: String) -> String? { items.first { $0.id == id }?.value }
}
