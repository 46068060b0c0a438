// Goal: the thread sanitizer's silence means something: a race that is there on purpose must be reported.
// Only runs where CREDIT_PLANT_RACE is set, which `scripts/campaign-threads` does, expecting the report.

import Foundation
@testable import SegmentStore
import Testing

@Suite struct PlantedRaceTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["CREDIT_PLANT_RACE"] != nil))
  func twoThreadsWriteTheSameMemory() {
    let shared = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    shared.initialize(to: 0)
    defer { shared.deallocate() }
    let place = UInt(bitPattern: shared)
    WorkerThreads.run(count: 2) { thread in
      guard let shared = UnsafeMutablePointer<Int>(bitPattern: place) else { return }
      for _ in 0..<100_000 { shared.pointee &+= thread + 1 }
    }
    #expect(shared.pointee != 0)
  }
}
