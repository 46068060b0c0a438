// swift-tools-version: 6.2
import PackageDescription

/// What every target of this package is compiled with: the upcoming defaults of the language, and no warnings.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  // Guards functions that keep a Span; its underscored spellings are promised to stay for two releases.
  .enableExperimentalFeature("Lifetimes"),
  .treatAllWarnings(as: .error),
  .treatWarning("DeprecatedDeclaration", as: .warning),
]

let package = Package(
  name: "CreditStore",
  products: [
    .library(name: "CreditApplications", targets: ["CreditApplications"]),
    .library(name: "CreditStore", targets: ["CreditStore"]),
    .library(name: "CreditModel", targets: ["CreditModel"]),
    .library(name: "SegmentStore", targets: ["SegmentStore"]),
  ],
  dependencies: [
    // Only for `scripts/docs`; no target links it.
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0")
  ],
  targets: [
    .systemLibrary(
      name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "CStorageKernels"),
    .target(name: "SegmentStore", dependencies: ["CLZ4", "CStorageKernels"], swiftSettings: settings),
    .target(name: "CreditModel", swiftSettings: settings),
    .target(
      name: "CreditStore", dependencies: ["CZlib", "CreditModel", "SegmentStore"], swiftSettings: settings),
    .target(name: "CreditApplications", dependencies: ["CreditStore"], swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["CreditStore", "SegmentStore"], path: "Tests/TestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "SegmentStoreTests", dependencies: ["SegmentStore", "CStorageKernels", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "CreditModelTests", dependencies: ["CreditModel", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "CreditStoreTests", dependencies: ["CZlib", "CreditStore", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "CreditApplicationsTests", dependencies: ["CreditApplications", "TestSupport"],
      swiftSettings: settings),
  ]
)
