// Goal: the thread sanitizer's silence means something: a race that is there on purpose must be reported.
// Only runs where CREDIT_PLANT_RACE is set, which `scripts/campaign-threads` does, expecting the report.

import Foundation
@testable import SegmentStore
import Synchronization
import Testing

@Suite struct PlantedRaceTests {
  @Test(.enabled(if: ProcessInfo.processInfo.environment["CREDIT_PLANT_RACE"] != nil))
  func twoThreadsWriteTheSameMemory() {
    // Of two accesses in the very same moment the sanitizer may see neither, and it says nothing of one whose thread has ended or went on for long, because it
    // cannot tell any more where that was: so there are some accesses, not many, and both threads stay until both are done.
    let places = 64
    let shared = UnsafeMutablePointer<Int>.allocate(capacity: places)
    shared.initialize(repeating: 1, count: places)
    defer { shared.deallocate() }
    let place = UInt(bitPattern: shared)
    // Relaxed, so that waiting for each other orders nothing; nor is anything called that may.
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
    while arrived.load(ordering: .relaxed) < 2, turns < 1 << 32 { turns &+= 1 }
  }
}
