// Owns putting a report together from what a reader sees of a subject.
// Invariants: nothing comes into a report but through `AccessReading`; records with an event outside the period stay out, those without a date stay in. Who the
// subject is, its registration and how it stands depend on no period. Records of a day stand in an order that follows from what they say: where they lie in
// the store changes when they are superseded and merged, and a report that was issued is made again years later.

import CreditModel
import CreditStore

/// What a report is asked for.
struct ReportMaking {
  private static let registration = "registration"

  let reading: AccessReading
  let template: ReportTemplate
  let subject: Identifier
  let from: Day?
  let until: Day

  func content() throws -> CreditReport.Content {
    let all = try reading.records(of: subject).sorted(by: Self.precedes)
    let period = EventPeriod(first: from, last: until, mappings: reading.configuration.mappings)
    let records = all.filter { $0.category == Self.registration || period.takes($0) }
    var identifiers = [reading.shown(subject)]
    for record in all where !identifiers.contains(record.subject) { identifiers.append(record.subject) }
    var placed = [[ShownRecord]](repeating: [], count: template.sections.count)
    for record in records {
      let place = template.place(of: record, level: record.level) { authority(of: record) }
      if let place {
        placed[place].append(record)
      }
    }
    var sections = try zip(template.sections, placed).map { section, records in
      try made(section, records)
    }
    for (place, section) in template.sections.enumerated() where section.isSummary ?? false {
      sections[place].text = Self.summary(of: sections)
      sections[place].isSummary = true
    }
    return CreditReport.Content(
      template: template.id, version: template.version, title: template.title,
      subject: made(identifiers, all), audience: reading.audience, from: from, until: until,
      commit: reading.snapshot.commit, sections: sections,
      advice: template.advice + (all.isEmpty ? [template.unknownText].compactMap(\.self) : []),
      absentText: template.absentText)
  }

  /// Refuses to issue a report about a number that cannot be anybody's: it would say that all is well, with a number and a code.
  func checkCanBeIssued(_ content: CreditReport.Content) throws {
    try reading.checkCanBe(subject) {
      content.subject.name != nil || !content.sections.allSatisfy(\.records.isEmpty)
    }
  }

  /// The latest first; of one day by what they say.
  private static func precedes(_ left: ShownRecord, _ right: ShownRecord) -> Bool {
    let (first, second) = (left.day ?? .minimum, right.day ?? .minimum)
    guard first == second else { return first > second }
    if left.entry != right.entry { return left.entry < right.entry }
    if left.subject != right.subject { return left.subject < right.subject }
    let (key, otherKey) = (left.key ?? "", right.key ?? "")
    if key != otherKey { return key < otherKey }
    // The key is not shown, or a digest of what is not.
    let (own, other) = (left.items.map(\.value), right.items.map(\.value))
    return own == other ? left.commit < right.commit : own.lexicographicallyPrecedes(other)
  }

  /// What tells the field a record belongs to: the organs it names, and the list it is on.
  private func authority(of record: ShownRecord) -> String? {
    let words = ["机关", "认定单位", "公告单位", "法院"]
    var values = record.items.filter { item in words.contains { item.name.contains($0) } }.map(\.value)
    if let list = reading.configuration.listItem(of: record.entry).flatMap({ record[$0] }) {
      values.append(list)
    }
    return values.isEmpty ? nil : values.joined(separator: " ")
  }

  private func made(_ identifiers: [String], _ records: [ShownRecord]) -> CreditReport.Subject {
    // A person is not called as its company is, nor a company as its owner.
    let named = records.filter {
      $0.subjectName != nil && subject.isCalled(asIn: $0.subjectKind)
    }.sorted { left, right in
      let (first, second) = (left.category == Self.registration, right.category == Self.registration)
      return first != second
        ? first : (left.day ?? .minimum, left.commit) > (right.day ?? .minimum, right.commit)
    }
    let present = named.first?.subjectName
    let form = present.map(NormalizedName.init)
    var former: [String] = []
    for name in named.compactMap(\.subjectName) where NormalizedName(name) != form && !former.contains(name) {
      former.append(name)
    }
    return CreditReport.Subject(
      name: present, formerNames: former, identifiers: identifiers,
      kind: subject.subjectKind, labels: SubjectLabels.labels(of: records))
  }

  private func made(_ section: ReportTemplate.Section, _ records: [ShownRecord]) throws
    -> CreditReport.Section
  {
    let isText =
      section.categories.isEmpty && section.entries.isEmpty && !section.isLocal && !section.takesOthers
    let text = records.isEmpty ? (isText ? template.advice.joined(separator: "\n") : template.emptyText) : nil
    return CreditReport.Section(
      number: section.number, title: section.title, records: records.map { made($0, section) }, text: text,
      scope: template.printsScope ? try scope(of: section) : nil)
  }

  private func made(_ record: ShownRecord, _ section: ReportTemplate.Section) -> CreditReport.Record {
    let fields: [CreditReport.Field]
    if let columns = section.columns[record.entry] {
      fields =
        columns.compactMap { id in
          if let item = record.items.first(where: { $0.id == id }) {
            return .init(name: item.name, value: item.value)
          }
          return record.absentItems.first { $0.id == id }.map { .init(name: $0.name, value: nil) }
        } + added(to: record, section)
    } else {
      fields = record.items.map { CreditReport.Field(name: $0.name, value: $0.value) }
    }
    return CreditReport.Record(
      entry: record.entry, name: record.entryName, nature: record.nature, day: record.day,
      isDisputed: record.isDisputed, isRepaired: record.state == "repaired" ? true : nil,
      publicUntil: record.publication?.lastDay, fields: fields)
  }

  /// What a city's own items of a national entry say.
  private func added(to record: ShownRecord, _ section: ReportTemplate.Section) -> [CreditReport.Field] {
    guard section.printsAddedItems ?? false, let national = ReportTemplate.nationalItems[record.entry] else {
      return []
    }
    return record.items.filter { !national.contains($0.id) }.map { .init(name: $0.name, value: $0.value) }
  }

  /// How many records stand in which section: facts, no judgement.
  private static func summary(of sections: [CreditReport.Section]) -> String {
    let counts = sections.filter { !$0.records.isEmpty }.map { "\($0.title) \($0.records.count) 条" }
    return counts.isEmpty ? "查询期内无相关信息" : "查询期内共有：" + counts.joined(separator: "，") + "。"
  }

  /// The units that report entries, by name where it is known.
  private func units(of entries: [CatalogueSummary]) throws -> String {
    let codes = Set(entries.flatMap(\.units)).sorted()
    guard !codes.isEmpty else { return "" }
    let units = try reading.platform.register(reading.snapshot).units
    let shown = codes.prefix(20).map { units[$0]?.name ?? $0 }.joined(separator: "、")
    return "，提供单位：\(shown)" + (codes.count > 20 ? "等 \(codes.count) 个单位" : "")
  }

  /// Which entries a section rests on, and up to when.
  private func scope(of section: ReportTemplate.Section) throws -> String {
    let entries = try reading.visibleEntries { entry in
      (section.categories.contains(entry.category) || section.entries.contains(entry.code))
        && section.natures?.contains(entry.nature) ?? true
    }
    guard !entries.isEmpty else { return "本节没有可供查询的目录，不能作为无违法违规的依据。" }
    let names = entries.prefix(20).map { "\($0.name)（\($0.code)）" }.joined(separator: "、")
    let more = entries.count > 20 ? "等 \(entries.count) 项目录" : ""
    let limits = reading.roles.allSatisfy { $0.scope != .all } ? "，限本单位报送的信息" : ""
    let organs = section.authorityWords.map { "，限作出机关名称含“\($0.joined(separator: "”或“"))”的信息" } ?? ""
    return
      "查询范围：\(names)\(more)\(organs)\(limits)\(try units(of: entries))；数据截至 \(until)（提交 \(reading.snapshot.commit)）。"
  }
}
