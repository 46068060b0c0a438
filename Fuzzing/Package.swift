// swift-tools-version: 6.2
import PackageDescription

/// The library once more, inside a package of its own, so that the fuzzed functions can be reached without being public.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableExperimentalFeature("Lifetimes"),
  // Every checksum of blocks, files and frames counts as right, so that hostile bytes reach what stands behind them (XXHash64).
  .define("CREDIT_FUZZING"),
]

let package = Package(
  name: "Fuzzing",
  targets: [
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "CStorageKernels"),
    .target(name: "SegmentStore", dependencies: ["CLZ4", "CStorageKernels"], swiftSettings: settings),
    .target(name: "CreditModel", swiftSettings: settings),
    .target(
      name: "CreditStore", dependencies: ["CZlib", "CreditModel", "SegmentStore"], swiftSettings: settings),
    .target(
      name: "CreditApplications", dependencies: ["CreditStore", "CreditModel"], swiftSettings: settings),
    .executableTarget(
      name: "Fuzz", dependencies: ["CreditApplications", "CreditStore", "CreditModel", "SegmentStore"],
      path: "Targets/Fuzz",
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]),
  ]
)
