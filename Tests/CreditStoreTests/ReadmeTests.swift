// Goal: the example of the README is the one that is built and run.
// Method: the lines between the marks of Examples/QuickStart stand word for word in both READMEs.

import Foundation
import Testing

@Suite struct ReadmeTests {
  @Test func theExampleIsTheOneThatRuns() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let source = try String(
      contentsOf: root.appending(path: "Examples/QuickStart/main.swift"), encoding: .utf8)
    let start = try #require(source.range(of: "// README-BEGIN\n"))
    let end = try #require(source.range(of: "// README-END"))
    let example = String(source[start.upperBound..<end.lowerBound])
    #expect(example.split(separator: "\n").count <= 12)
    for name in ["README.md", "README.zh-CN.md"] {
      let readme = try String(contentsOf: root.appending(path: name), encoding: .utf8)
      #expect(readme.contains("```swift\n" + example + "```"), "\(name)")
    }
  }
}
