// Goal: a collection takes what memory it was given, and its result does not depend on how much that is.
// Method: one file through budgets that spill everything, a part and nothing; shares added up.

import CreditModel
@testable import CreditStore
import SegmentStore
import TestSupport
import Testing

@Suite struct CollectionMemoryTests {
  /// Goal: reading, and loading, stay within the budget by construction, whatever it is.
  @Test func sharesStayWithinTheBudget() {
    for megabytes in [1, 16, 24, 64, 100, 256, 896, 4096] {
      for workers in [1, 2, 8, 64] {
        let memory = CollectionMemory(budget: megabytes << 20, workers: workers)
        let chunks = (memory.workers + 2) * memory.chunkBytes
        let reading = memory.workers * (memory.rowBytes + 2 * memory.setAsideBytes + memory.poolBytes)
        #expect(reading <= memory.budget * 7 / 8, "\(megabytes) MiB, \(workers) workers")
        // With many workers the smallest chunk counts.
        #expect(chunks <= max(memory.budget / 8, (workers + 2) << 18) || workers > 8)
        #expect(memory.loaders * memory.partitionRanges * CollectionMemory.rangeBytes <= memory.budget)
        #expect(memory.mustSpill(memory.budget) && memory.partitionRanges >= 1)
      }
    }
    // A machine's default keeps five million rows in memory.
    #expect(!CollectionMemory(budget: 896 << 20, workers: 2).mustSpill(450 << 20))
  }

  /// Story: a first line of very many commas was read beyond the cells the parser keeps; a header longer than what is read first was cut.
  @Test func headersOfAnyLengthAreReadOrRefused() throws {
    let fixture = try StoreFixture(memoryBudgetBytes: 16 << 20)
    for count in [4097, 16_384, 20_000, 3_000_000] {
      let error = #expect(throws: CreditError.self) {
        try fixture.collect(text: String(repeating: ",", count: count) + "\nx\n")
      }
      #expect(error?.code == "wrongHeader", "\(count) commas")
    }
    let long = String(repeating: "长", count: 600_000)
    // A column nobody asked for may have any name; those behind it are found.
    let first = try fixture.collect(text: "CODE,NO,\(long),DAY\n\(StoreFixture.codes[0]),a,b,2021-01-01\n")
    #expect(first.reported == 1 && first.loaded == 1)
    let receipt = try fixture.collect(
      text: String(repeating: "\n", count: 2_000_000)
        + "CODE,NO,DAY,AMOUNT,TEXT\n\(StoreFixture.codes[0]),b,2021-01-01,1,x\n")
    #expect(receipt.reported == 1 && receipt.loaded == 1)
  }

  @Test func theResultDoesNotDependOnTheBudget() throws {
    var random = SeededGenerator(seed: 77)
    let rows = (0..<150_000).map { index in
      let code = StoreFixture.codes[Int.random(in: 0..<3, using: &random)]
      let day = index.isMultiple(of: 997) ? "不是日期" : "2021-0\(index % 9 + 1)-11"
      return "\(code),号\(Int.random(in: 0..<140_000, using: &random)),\(day),\(index % 1000),内容\(index)与其他"
    }
    var answers: [String] = []
    for megabytes in [16, 40, 512] {
      let fixture = try StoreFixture(memoryBudgetBytes: megabytes << 20)
      var receipt = try fixture.collect(rows)
      receipt.seconds = 0
      receipt.file = ""
      let records = try StoreFixture.codes.flatMap { try fixture.records($0, .history) }
      let lines = records.map { "\($0.key) \($0.version) \($0.values)" }
      let aside = try fixture.database.snapshot().setAsideRows(ofBatch: receipt.batch).map { "\($0)" }
      #expect(lines.count == receipt.loaded + receipt.updated && aside.count == receipt.questionable)
      #expect(receipt.isBalanced && receipt.questionable == 151)
      #expect(try fixture.database.verify().faults.isEmpty)
      answers.append("\(receipt) \(lines.joined()) \(aside)")
    }
    #expect(answers[0] == answers[1] && answers[1] == answers[2])
  }
}
