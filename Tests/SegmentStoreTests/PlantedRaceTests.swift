// Goal: the thread sanitizer's silence means something: a race that is there on purpose must be reported.
// Only runs where CREDIT_PLANT_RACE is set, which `scripts/campaign-threads` does, expecting the report.

import Foundation
@testable import SegmentStore
import Synchronization
import Testing

@Suite struct PlantedRaceTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["CREDIT_PLANT_RACE"] != nil))
  func twoThreadsWriteTheSameMemory() {
    let shared = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    shared.initialize(to: 0)
    defer { shared.deallocate() }
    let place = UInt(bitPattern: shared)
    // Both are on their way before either writes, and nothing stands between that and writing: one behind the other would be no race, and whatever a
    // call does inside, such as asking for the time, may order the two. Relaxed, so that this orders nothing either.
    let started = Atomic<Int>(0)
    WorkerThreads.run(count: 2) { thread in
      started.add(1, ordering: .relaxed)
      var turns = 0
      while started.load(ordering: .relaxed) < 2, turns < 1 << 32 { turns &+= 1 }
      guard let shared = UnsafeMutablePointer<Int>(bitPattern: place) else { return }
      for _ in 0..<100_000 { shared.pointee &+= thread + 1 }
    }
    #expect(shared.pointee != 0)
  }
}
