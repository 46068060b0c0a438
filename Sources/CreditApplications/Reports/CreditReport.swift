// Owns a credit report as data.
// Invariants: facts only, no score; the content follows from the store at one commit, the layout, the day and the rights it was made under, so that it can be
// made again, word for word; its hash is over all of it, field by field (CanonicalBytes).

public import CreditModel
import CreditStore

/// A credit report (公共信用信息报告).
public struct CreditReport: Codable, Sendable, Equatable {
  /// A value with its label.
  public struct Field: Codable, Sendable, Equatable {
    /// The label as printed.
    public var name: String
    /// The value, masked where it has to be; `nil` where there is none.
    public var value: String?
  }

  /// One record.
  public struct Record: Codable, Sendable, Equatable {
    /// Code of its entry.
    public var entry: String
    /// Name of its entry.
    public var name: String
    /// What it says about the subject.
    public var nature: CatalogueEntry.Nature
    /// The day of the event.
    public var day: Day?
    /// Whether somebody objects to it and no decision is made yet.
    public var isDisputed: Bool
    /// Whether it was repaired: it is public no more, and shown to the centre and to whoever reported it alone; `nil` = no.
    public var isRepaired: Bool?
    /// The last day on which it is public, where rules tell one.
    public var publicUntil: Day?
    /// Its items.
    public var fields: [Field]

    func append(to bytes: inout CanonicalBytes) {
      for text in [entry, name, nature.rawValue] { bytes.append(text) }
      bytes.append(day)
      bytes.append(isDisputed)
      if isRepaired ?? false { bytes.append("repaired") }
      bytes.append(publicUntil)
      bytes.append(fields) { bytes, field in
        bytes.append(field.name)
        bytes.append(field.value)
      }
    }
  }

  /// One section.
  public struct Section: Codable, Sendable, Equatable {
    /// Its number as printed.
    public var number: String
    /// Its title.
    public var title: String
    /// Its records, the latest first.
    public var records: [Record]
    /// What stands in it where it has no records.
    public var text: String?
    /// Which entries it rests on, where the layout prints it.
    public var scope: String?
    /// Whether it says how many records the others have, and has none itself.
    public var isSummary: Bool?
  }

  /// Whom the report is about.
  public struct Subject: Codable, Sendable, Equatable {
    /// Its name, by the latest registration the reader may see; `nil` where none is seen.
    public var name: String?
    /// Former names, the latest first.
    public var formerNames: [String]
    /// Its identifiers, the one asked about first, masked where they have to be.
    public var identifiers: [String]
    /// Kind of the subject.
    public var kind: SubjectKind
    /// Words for how it stands: 存续, 守信激励对象, 失信惩戒对象.
    public var labels: [String]
  }

  /// What can be made again.
  public struct Content: Codable, Sendable, Equatable {
    /// Id of the layout.
    public var template: String
    /// Version of the layout, as printed.
    public var version: String
    /// Title of the report.
    public var title: String
    /// Whom it is about.
    public var subject: Subject
    /// For whose eyes it is.
    public var audience: Audience
    /// The first day of the period asked about; `nil` = without beginning.
    public var from: Day?
    /// The last day of the period.
    public var until: Day
    /// The commit of the store.
    public var commit: UInt64
    /// The sections.
    public var sections: [Section]
    /// Advice at the end.
    public var advice: [String]
    /// What stands for a value that is not there.
    public var absentText: String

    /// SHA-256 over all of it, in hex.
    func hash() -> String {
      var bytes = CanonicalBytes()
      for text in [template, version, title, audience.rawValue, absentText] { bytes.append(text) }
      bytes.append(from)
      bytes.append(until)
      bytes.append(commit)
      bytes.append(subject.name)
      for texts in [
        subject.formerNames, subject.identifiers, [subject.kind.rawValue], subject.labels, advice,
      ] {
        bytes.append(texts)
      }
      bytes.append(sections) { bytes, section in
        for text in [section.number, section.title, section.text, section.scope] { bytes.append(text) }
        bytes.append(section.records) { bytes, record in record.append(to: &bytes) }
      }
      return ContentDigest.hex(ContentDigest.sha256(bytes.bytes))
    }
  }

  /// What the report says.
  public var content: Content
  /// Number of the report: 14 digits of the time and eight characters; `nil` where it was only looked at.
  public var number: String?
  /// What to verify the number with.
  public var verificationCode: String?
  /// When it was made, in Asia/Shanghai.
  public var issued: String
  /// Who issued it.
  public var issuer: String
  /// What for.
  public var purpose: String
  /// SHA-256 of the content.
  public var contentHash: String
}
