// Goal: which rows of a range are superseded as of a commit is the same whenever it is asked, before, between and after marks that come.
// Method: random marks and questions against a dictionary; seeds are printed.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct MarkTableTests {
  @Test(arguments: 1...20) func rangesAreThoseOfADictionary(_ seed: Int) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: UInt64(seed) + 300)
    var model: [UInt32: UInt64] = [:]
    for _ in 0..<Int.random(in: 0...50, using: &random) {
      model[UInt32.random(in: 0..<400, using: &random)] = UInt64.random(in: 1...20, using: &random)
    }
    let table = MarkTable(model.map { ($0.key, $0.value) })
    for _ in 0..<300 {
      let position = UInt32.random(in: 0..<400, using: &random)
      let commit = UInt64.random(in: 0...22, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        // A row is marked once.
        #expect(table.insert(position, commit: commit) == (model[position] == nil))
        if model[position] == nil { model[position] = commit }
      case 1:
        let end = position + UInt32.random(in: 0...200, using: &random)
        let expected = model.filter { $0.value <= commit && (position..<end).contains($0.key) }.keys.sorted()
        #expect(table.positions(asOf: commit, in: position..<end) == expected)
      default:
        let expected = model[position].flatMap { $0 <= commit ? $0 : nil }
        #expect(table.superseded(position, asOf: commit) == expected)
      }
    }
    #expect(table.count == model.count)
    let all = model.sorted { $0.key < $1.key }
    #expect(table.all.map(\.position) == all.map(\.key) && table.all.map(\.commit) == all.map(\.value))
  }
}
