// swift-tools-version: 6.2
import PackageDescription

/// One program a measurement; bench.py calls them.
let package = Package(
  name: "CreditStoreBenchmarks",
  dependencies: [.package(name: "CreditStore", path: "..")],
  targets: [
    "ApplicationBenchmark", "CatalogueBenchmark", "CityBenchmark", "CommitBenchmark", "LookupBenchmark",
    "NameBenchmark",
    "QueryBenchmark",
  ].map { name in
    .executableTarget(
      name: name,
      dependencies: [
        .product(name: "CreditApplications", package: "CreditStore"),
        .product(name: "CreditStore", package: "CreditStore"),
        .product(name: "CreditModel", package: "CreditStore"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error), .treatWarning("DeprecatedDeclaration", as: .warning),
      ])
  }
)
