// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "CreditStoreBenchmarks",
  dependencies: [.package(name: "CreditStore", path: "..")],
  targets: [
    .executableTarget(
      name: "LookupBenchmark",
      dependencies: [
        .product(name: "CreditStore", package: "CreditStore"),
        .product(name: "CreditModel", package: "CreditStore"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error), .treatWarning("DeprecatedDeclaration", as: .warning),
      ])
  ]
)
