// Owns refusing those whose consent does not hold.
// Invariants: a consent of another subject or unit is answered like one that is not there.
// Does not find consents (ConsentKeeping).

import CreditModel

extension Consent {
  /// Finds out whether it lets a unit read for a purpose on a day.
  func check(unit: String?, purpose: String, on day: Day) throws(AccessRefusal) {
    guard let unit, unit == grantee else { throw .noConsent }
    if let revokedOn, revokedOn <= day {
      throw AccessRefusal(.consentRevoked, "consent \(id) was revoked on \(revokedOn)")
    }
    guard grantedOn <= day, day <= validUntil else {
      throw AccessRefusal(.consentExpired, "consent \(id) holds from \(grantedOn) to \(validUntil)")
    }
    guard purpose == self.purpose else {
      throw AccessRefusal(
        .consentScope, "consent \(id) is for another purpose; a change of purpose needs a new one")
    }
  }
}

extension AccessRefusal {
  /// Said alike where there is no consent, and where it is another subject's or unit's.
  static let noConsent = AccessRefusal(
    .consentMissing, "this needs the subject's consent for the unit; name one that holds")
}
