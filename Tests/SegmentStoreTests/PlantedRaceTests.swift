// Goal: the thread sanitizer's silence means something: a race that is there on purpose must be reported.
// Only runs where CREDIT_PLANT_RACE is set, which `scripts/campaign-threads` does, expecting the report.

import Foundation
@testable import SegmentStore
import Synchronization
import Testing

@Suite struct PlantedRaceTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["CREDIT_PLANT_RACE"] != nil))
  func twoThreadsWriteTheSameMemory() {
    // Of two accesses in the very same moment the sanitizer may see neither. One whose thread has ended since, or did much else, it passes over in silence,
    // because it cannot tell any more where that was: so there are a few accesses, both threads stay until both are done, and they sleep meanwhile.
    let places = 64
    let shared = UnsafeMutablePointer<Int>.allocate(capacity: places)
    shared.initialize(repeating: 1, count: places)
    defer { shared.deallocate() }
    let place = UInt(bitPattern: shared)
    // Relaxed, so that waiting for each other orders nothing.
    let started = Atomic<Int>(0)
    let done = Atomic<Int>(0)
    WorkerThreads.run(count: 2) { thread in
      Self.meet(started)
      guard let shared = UnsafeMutablePointer<Int>(bitPattern: place) else { return }
      for round in 0..<4 {
        for index in 0..<places {
          shared[index] = shared[index] &* 31 &+ shared[(index + round) % places] &+ thread
        }
      }
      Self.meet(done)
    }
    #expect((0..<places).contains { shared[$0] != 1 })
  }

  /// Waits until both threads are here, but not for ever.
  private static func meet(_ arrived: borrowing Atomic<Int>) {
    arrived.add(1, ordering: .relaxed)
    var turns = 0
    while arrived.load(ordering: .relaxed) < 2, turns < 10_000 {
      SystemCall.sleep(milliseconds: 1)
      turns += 1
    }
  }
}
