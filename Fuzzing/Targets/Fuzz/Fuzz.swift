// Owns the entry of the fuzzer: which function gets the bytes.
// Invariants: a target never throws, never traps and never reads outside the bytes it is given, whatever they are; that is what is being tested.
// The target is named by the environment variable FUZZ_TARGET; FUZZ_SEEDS names a folder for files to begin with, where a target makes them itself.

import Foundation
import SegmentStore

/// A function that must cope with any bytes.
typealias FuzzTarget = @Sendable ([UInt8]) -> Void

/// All targets by name.
let targets: [String: FuzzTarget] = [
  "block": BlockTargets.block, "textIndex": IndexTarget.index, "leaf": BlockTargets.leaf,
  "directory": BlockTargets.directory,
  "dictionary": BlockTargets.dictionary, "bundle": BlockTargets.bundle, "lz4": BlockTargets.lz4,
  "journal": FileTargets.journal, "state": FileTargets.state, "segment": SegmentTarget.segment,
  "csv": TextTargets.csv, "json": TextTargets.json, "xml": TextTargets.xml, "workbook": TextTargets.workbook,
  "catalogue": TextTargets.catalogue, "filter": TextTargets.filter, "identifier": TextTargets.identifier,
  "value": TextTargets.value, "gb18030": TextTargets.gb18030, "log": ApplicationTargets.log,
  "document": ApplicationTargets.document, "rules": ApplicationTargets.rules,
  "exchange": ApplicationTargets.exchange,
]

/// The one this process runs.
let chosen: FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
  guard let target = targets[name] else {
    FileHandle.standardError.write(
      Data("FUZZ_TARGET is one of \(targets.keys.sorted().joined(separator: " "))\n".utf8))
    exit(2)
  }
  return target
}()

/// Called by libFuzzer before it reads the corpus.
@_cdecl("LLVMFuzzerInitialize")
public func prepareFuzzing(
  _ count: UnsafeMutablePointer<CInt>?,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?
) -> CInt {
  let environment = ProcessInfo.processInfo.environment
  if let target = environment["FUZZ_TARGET"], let folder = environment["FUZZ_SEEDS"] {
    do {
      if target == "segment" { try SegmentSeeds.write(to: folder) }
      try ApplicationTargets.writeSeeds(of: target, to: folder)
    } catch {
      FileHandle.standardError.write(Data("no seeds: \(error)\n".utf8))
      exit(2)
    }
  }
  return 0
}

/// Called by libFuzzer with every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  chosen(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// Bytes cut into the parts a target needs.
struct FuzzInput {
  private let bytes: [UInt8]
  private var offset = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func byte() -> UInt8 {
    guard offset < bytes.count else { return 0 }
    defer { offset += 1 }
    return bytes[offset]
  }

  mutating func number() -> Int { Int(byte()) | Int(byte()) << 8 }

  /// What is left.
  var rest: [UInt8] { Array(bytes[min(offset, bytes.count)...]) }
}

/// Runs a body whose errors are what is expected of bad input.
func attempt(_ body: () throws -> Void) { try? body() }

/// Keeps a value from being optimised away.
@inline(never)
func use(_ value: some Any) { _ = value }
