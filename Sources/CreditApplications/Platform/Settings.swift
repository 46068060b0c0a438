// Owns showing the settings of the platform to those who keep them.
// Invariants: what nobody set is the default of the national rules.

public import CreditModel
import CreditStore

/// The settings of the platform as they are now (平台参数).
public struct PlatformSettings: Codable, Sendable, Equatable {
  /// What everybody may see of people.
  public var policy: PublicPolicy
  /// How long decisions are shown.
  public var publicationRules: PublicationRules
  /// Which items of entries tell it, by code of the entry.
  public var publicationMappings: [PublicationMapping]
  /// Within how many working days cases are dealt with.
  public var deadlines: DeadlineRules
  /// Which days are worked.
  public var calendar: WorkingCalendar
  /// Measures, by code and first day: the city's own, and those of the national list that it has not replaced.
  public var measures: [Measure]
  /// Memoranda, by id and first day.
  public var memoranda: [Memorandum]
  /// Kinds of information of reviews: those of the national list as the city changed them, then its own.
  public var reviewKinds: [ReviewKind]
}

extension AccessSession {
  /// The settings of the platform.
  ///
  /// - Throws: `AccessRefusal`, `CreditError`.
  public func settings() throws -> PlatformSettings {
    try perform(.administer) { reading, _ in
      let known = reading.configuration
      return PlatformSettings(
        policy: known.policy, publicationRules: known.rules,
        publicationMappings: known.mappings.values.sorted { $0.entry < $1.entry }, deadlines: known.deadlines,
        calendar: known.calendar, measures: known.allMeasures,
        memoranda: known.memorandumVersions.values.flatMap { $0 }.sorted {
          ($0.id, $0.from) < ($1.id, $1.from)
        }, reviewKinds: known.reviewKinds)
    }
  }
}

extension PlatformConfiguration {
  fileprivate var allMeasures: [Measure] {
    let national = Measure.national.filter { measureEditions[$0.code] == nil }
    return (national + measureEditions.values.flatMap { $0 }).sorted {
      ($0.code, $0.from) < ($1.code, $1.from)
    }
  }
}
