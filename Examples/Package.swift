// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
  .treatWarning("DeprecatedDeclaration", as: .warning),
]

let package = Package(
  name: "CreditStoreExamples",
  products: [
    .executable(name: "credit", targets: ["CreditCommand"]),
    .executable(name: "QuickStart", targets: ["QuickStart"]),
    .executable(name: "CityPlatform", targets: ["CityPlatform"]),
    .executable(name: "CounterCheck", targets: ["CounterCheck"]),
    .executable(name: "ReportPrinting", targets: ["ReportPrinting"]),
  ],
  dependencies: [
    .package(name: "CreditStore", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .target(
      name: "CityGeneration",
      dependencies: [.product(name: "CreditModel", package: "CreditStore")], path: "CityGeneration",
      swiftSettings: settings),
    .target(name: "Console", path: "Console", swiftSettings: settings),
    .executableTarget(
      name: "CreditCommand",
      dependencies: [
        "CityGeneration", "Console",
        .product(name: "CreditApplications", package: "CreditStore"),
        .product(name: "CreditStore", package: "CreditStore"),
        .product(name: "CreditModel", package: "CreditStore"),
        .product(name: "SegmentStore", package: "CreditStore"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "CreditCommand", swiftSettings: settings),
    .executableTarget(
      name: "QuickStart",
      dependencies: [
        .product(name: "CreditStore", package: "CreditStore"),
        .product(name: "CreditModel", package: "CreditStore"),
      ], path: "QuickStart", swiftSettings: settings),
    .executableTarget(
      name: "CityPlatform",
      dependencies: [
        "CityGeneration", "Console",
        .product(name: "CreditStore", package: "CreditStore"),
        .product(name: "CreditModel", package: "CreditStore"),
      ], path: "CityPlatform", swiftSettings: settings),
    // Services: they link the applications alone.
    .executableTarget(
      name: "CounterCheck", dependencies: [.product(name: "CreditApplications", package: "CreditStore")],
      path: "CounterCheck", swiftSettings: settings),
    .executableTarget(
      name: "ReportPrinting", dependencies: [.product(name: "CreditApplications", package: "CreditStore")],
      path: "ReportPrinting", swiftSettings: settings),
  ]
)
