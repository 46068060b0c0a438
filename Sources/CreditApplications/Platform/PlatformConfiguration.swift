// Owns the settings of the platform as of a snapshot: roles, who has them, what is public, rules and calendars.
// Invariants: what nobody set is the default of the national rules; read as a whole, and anew only after a change.
// Does not check who may change them (Administration).

import CreditModel
import CreditStore

struct PlatformConfiguration: Sendable {
  /// The commit of the last change; 0 where nobody set anything.
  var revision: UInt64 = 0
  var roles: [String: AccessRole] = [:]
  var assignments: [String: RoleAssignment] = [:]
  var policy = PublicPolicy()
  var rules = PublicationRules.national
  var mappings = Dictionary(uniqueKeysWithValues: PublicationMapping.national.map { ($0.entry, $0) })
  var calendar = WorkingCalendar.national
  var deadlines = DeadlineRules.national
  /// Measures the city entered, by code: each edition.
  var measureEditions: [String: [Measure]] = [:]
  /// Memoranda, by id: each version.
  var memorandumVersions: [String: [Memorandum]] = [:]
  /// Kinds of information of reviews that the city entered, by code.
  var ownReviewKinds: [String: ReviewKind] = [:]

  init() {}

  /// Reads the settings; `known` is given back where they have not changed.
  static func read(_ snapshot: CreditSnapshot, known: PlatformConfiguration?) throws -> PlatformConfiguration
  {
    let revision = try snapshot.document(DocumentKind.revision, DocumentKind.revision)?.commit ?? 0
    if let known, known.revision == revision { return known }
    var settings = PlatformConfiguration()
    settings.revision = revision
    guard revision > 0 else { return settings }
    for document in try snapshot.documents(DocumentKind.settings) {
      switch document.kind {
      case DocumentKind.role: settings.roles[document.id] = try document.decoded(as: AccessRole.self)
      case DocumentKind.assignment:
        settings.assignments[document.id] = try document.decoded(as: RoleAssignment.self)
      case DocumentKind.policy: settings.policy = try document.decoded(as: PublicPolicy.self)
      case DocumentKind.publicationRules: settings.rules = try document.decoded(as: PublicationRules.self)
      case DocumentKind.publicationMapping:
        settings.mappings[document.id] = try document.decoded(as: PublicationMapping.self)
      case DocumentKind.calendar:
        settings.calendar = settings.calendar.merging(try document.decoded(as: WorkingCalendar.self))
      case DocumentKind.deadlineRules: settings.deadlines = try document.decoded(as: DeadlineRules.self)
      case DocumentKind.measure:
        let measure = try document.decoded(as: Measure.self)
        settings.measureEditions[measure.code, default: []].append(measure)
      case DocumentKind.memorandum:
        let memorandum = try document.decoded(as: Memorandum.self)
        settings.memorandumVersions[memorandum.id, default: []].append(memorandum)
      case DocumentKind.reviewKind:
        settings.ownReviewKinds[document.id] = try document.decoded(as: ReviewKind.self)
      default: break
      }
    }
    return settings
  }

  /// A role everybody has who comes to the website, as the city set it.
  func builtIn(_ role: AccessRole) -> AccessRole { roles[role.id] ?? role }

  /// The measures that count on a day, by code: of each the edition that began last, the city's own before the national list.
  func measures(on day: Day) -> [String: Measure] {
    var measures = Dictionary(uniqueKeysWithValues: Measure.national.map { ($0.code, $0) })
    for (code, editions) in measureEditions {
      if let edition = editions.filter({ $0.from <= day }).max(by: { $0.from < $1.from }) {
        measures[code] = edition
      }
    }
    return measures.filter { $0.value.counts(on: day) }
  }

  /// Kinds of information of reviews: those of the national list, as the city changed them, and then its own by code.
  var reviewKinds: [ReviewKind] {
    let national = ReviewKind.national.map { ownReviewKinds[$0.code] ?? $0 }
    let codes = Set(national.map(\.code))
    return national + ownReviewKinds.values.filter { !codes.contains($0.code) }.sorted { $0.code < $1.code }
  }

  /// The memoranda as they are on a day, by id: of each the version that began last.
  func memoranda(on day: Day) -> [Memorandum] {
    memorandumVersions.values.compactMap { versions in
      versions.filter { $0.from <= day }.max { $0.from < $1.from }
    }.sorted { $0.id < $1.id }
  }

  /// The item that names the list a record of an entry is a membership of.
  func listItem(of entry: String) -> String? {
    let memoranda = memorandumVersions.values.flatMap { $0 }.sorted { $0.id < $1.id }
    for trigger in memoranda.flatMap(\.triggers) where trigger.entry == entry {
      if let item = trigger.item { return item }
    }
    switch entry {
    case "YZSX": return "YZSX_MD"
    case "K05-JYYC": return "JYYC_MD"
    case "K11-SXRY": return "SXRY_RYMC"
    default: return nil
    }
  }
}
