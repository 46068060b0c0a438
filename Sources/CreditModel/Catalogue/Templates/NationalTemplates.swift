// Owns the list of entries every store starts with.
// Invariants: codes are unique; what stood in the list once keeps its code, its record key and the types of its items.
// Does not hold the entries themselves.

extension CatalogueEntry {
  /// All entries that every store starts with (国家模板), in the order of the national catalogue's kinds.
  ///
  /// A city publishes versions of its own, or entries of other codes beside them.
  public static let nationalTemplates: [CatalogueEntry] =
    [.enterpriseRegistration, .annualReport, .equityPledge]
    + [.courtJudgment, .courtEnforcement]
    + [.administrativePermit2018, .administrativePenalty2018] + administrativeActs
    + [.occupationalQualification, .technologyEnterprise]
    + [.abnormalOperationList, .abnormalTaxpayer, .seriousBreachList] + reportedLists
    + [.contractPerformance, .creditCommitment, .creditEvaluation, .taxGrade, .logisticsRating]
    + [
      .compliance, .honour, .patent, .trademark, .softwareCopyright, .intellectualPropertyPledge,
      .volunteered,
    ]
    + [.taxSummary, .taxPayment, .taxArrears, .socialInsurance, .socialInsurancePayment]
    + [.housingFund, .housingFundAccount, .waterSupply, .powerSupply, .gasSupply]
    + [.guarantee, .realEstate, .warehousing]
}
