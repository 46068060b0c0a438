// Owns the words for how a subject stands, as reports and portraits print them.
// Invariants: they follow from records that are shown and count; no judgement.

/// The words for how a subject stands (主体标签).
enum SubjectLabels {
  /// Its state as registered, and whether it is on a list of honour or of serious breach.
  static func labels(of records: [ShownRecord]) -> [String] {
    var labels: [String] = []
    if let state = records.first(where: { $0.subjectState != nil })?.subjectState { labels.append(state) }
    let counting = records.filter { $0.state != "repaired" && $0.isInForce }
    if counting.contains(where: { $0.category == "honour" }) { labels.append("守信激励对象") }
    if counting.contains(where: { $0.category == "seriousBreach" }) { labels.append("失信惩戒对象") }
    return labels
  }
}
