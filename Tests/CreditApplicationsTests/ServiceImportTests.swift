// Goal: a service needs the applications alone; what reads past the policy is not within its reach.
// Method: the sources of the services among the examples are searched for imports of the core, which would compile and be wrong.

import Foundation
import Testing

@Suite struct ServiceImportTests {
  @Test(arguments: ["CounterCheck", "ReportPrinting"]) func servicesDoNotImportTheCore(name: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Examples/\(name)")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files where file.pathExtension == "swift" {
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      where line.contains("import ") && !line.hasPrefix("//") {
        #expect(!line.contains("CreditStore") && !line.contains("SegmentStore"), "\(line)")
      }
    }
  }
}
