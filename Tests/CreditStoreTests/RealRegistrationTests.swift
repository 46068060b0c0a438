// Goal: 185,683 real registrations give the counters and values an independent script computes.
// Method: Tests/Oracles/registrations.py, written from the specification alone, over the same files; every counter of every
// file and every value of every record is compared. Skipped without the material, python3 or tar.

import CreditModel
import CreditStore
import Foundation
import TestSupport
import Testing

@Suite struct RealRegistrationTests {
  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .appending(path: "Oracles/registrations.py").path

  private func run(_ arguments: [String]) throws -> (status: Int32, output: Data) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  private func lines(_ data: Data) throws -> [[String: Any]] {
    try data.split(separator: 0x0A).map {
      try #require(JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
    }
  }

  private func compare(_ files: [String], encoding: FileEncoding, _ folder: TemporaryFolder) throws {
    let values = folder.path("values.json")
    let oracle = try run(
      ["python3", Self.script, "--json", "--encoding", encoding.rawValue, "--values", values] + files)
    guard oracle.status == 0 else {
      print("skipped: the independent script does not run here")
      return
    }
    let store = folder.path("store-\(UUID().uuidString)")
    try CreditDatabase.create(at: store)
    let database = try CreditDatabase(opening: store, mode: .readWrite())
    let expected = try lines(oracle.output)
    #expect(expected.count == files.count)
    for (file, counters) in zip(files, expected) {
      let receipt = try database.collectBlocking(.csv(file), for: "QYDJ")
      let found = [
        "reported": receipt.reported, "loaded": receipt.loaded, "updated": receipt.updated,
        "duplicate": receipt.duplicate,
        "questionable": receipt.questionable, "unlinked": receipt.unlinked, "warnings": receipt.warnings,
      ]
      for (name, value) in found { #expect((counters[name] as? Int) == value, "\(file): \(name)") }
    }
    let snapshot = database.snapshot()
    var compared = 0
    for line in try lines(try Data(contentsOf: URL(fileURLWithPath: values))) {
      let subject = try #require(line["subject"] as? String)
      let wanted = try #require(line["values"] as? [String: String])
      let record = try #require(
        snapshot.records(of: subject).first { $0.key == line["key"] as? String }, "\(subject)")
      let found = Dictionary(
        uniqueKeysWithValues: zip(record.entry.items, record.values).compactMap { item, value in
          value.map { (item.id, $0.canonicalText) }
        })
      if found != wanted { Issue.record("\(subject): \(found) is not \(wanted)") }
      compared += found.count
    }
    print("\(files.count) files: \(compared) values compared")
    #expect(try database.verify().isSound)
  }

  @Test func threeProvincesOfFortyYears() throws {
    guard
      let archive = RealData.path(
        "enterprise-registration/give/csv_xizang_qinghai_sichuan.tar.xz", for: "registrations")
    else { return }
    let folder = try TemporaryFolder()
    guard try run(["tar", "-xJf", archive, "-C", folder.path]).status == 0 else {
      print("skipped: the archive cannot be unpacked here")
      return
    }
    let files = try #require(FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String])
      .filter { $0.hasSuffix(".csv") }.sorted().map { folder.path($0) }
    #expect(files.count == 95)
    try compare(files, encoding: .utf8, folder)
  }

  @Test func theTwinInGB18030() throws {
    guard
      let file = RealData.path(
        "enterprise-registration/give/gb18030_derived/1979_sichuan.gb18030.csv", for: "GB 18030")
    else { return }
    try compare([file], encoding: .gb18030, TemporaryFolder())
    // The private-use rows come without a header: with one in front both encodings give the same records.
    let folder = try TemporaryFolder()
    let header = CatalogueEntry.enterpriseRegistration.items.map(\.id).joined(separator: ",") + "\r\n"
    var stores: [CreditDatabase] = []
    for (name, suffix) in [("utf8", "utf8"), ("gb18030", "gb18030")] {
      let path = try #require(
        RealData.path(
          "enterprise-registration/give/gb18030_derived/private_use_rows.\(suffix).csv", for: name))
      var head = Data(header.utf8)
      if name == "gb18030" {
        head = try #require(header.data(using: String.Encoding(rawValue: 0x8000_0632)))
      }
      let file = try folder.write(name + ".csv", head + (try Data(contentsOf: URL(fileURLWithPath: path))))
      try CreditDatabase.create(at: folder.path(name))
      let database = try CreditDatabase(opening: folder.path(name), mode: .readWrite())
      #expect(try database.collectBlocking(.csv(file), for: "QYDJ").loaded == 344)
      stores.append(database)
    }
    let groups = AggregateQuery(
      entries: ["QYDJ"], groups: [try .init(parsing: "企业名称"), try .init(parsing: "经营范围")])
    #expect(try stores[0].snapshot().aggregate(groups).rows == stores[1].snapshot().aggregate(groups).rows)
  }
}
