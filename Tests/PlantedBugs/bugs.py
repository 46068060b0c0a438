"""Mistakes that are planted into a copy of the engine, to show that the tests catch them.

Each names its file, the text it replaces, which must stand there exactly once, and what stands there instead; `planted("name")` is true in
the run that looks for it. `scripts/campaign-planted` puts all of them into one copy, builds it once, and runs the tests for each.
"""

from collections import namedtuple

Bug = namedtuple("Bug", "name file old new")

BUGS = [
  # Durability.
  Bug("stateFolderNotSynced", "Journal/StateFile.swift",
      "    try files.syncDirectory(folder)\n", "    if !planted(\"stateFolderNotSynced\") { try files.syncDirectory(folder) }\n"),
  Bug("stateNotSynced", "Journal/StateFile.swift",
      "    try file.sync()\n    guard try file.read", "    if !planted(\"stateNotSynced\") { try file.sync() }\n    guard try file.read"),
  Bug("acknowledgedBeforeSync", "Journal/Journal.swift",
      "    try file.write(frame.bytes, at: offset)\n    try file.sync()\n",
      "    try file.write(frame.bytes, at: offset)\n    if !planted(\"acknowledgedBeforeSync\") { try file.sync() }\n"),
  Bug("everySecondFrameSynced", "Journal/Journal.swift",
      "    try reserve(offset + Int64(frame.bytes.count))\n",
      "    try reserve(offset + Int64(frame.bytes.count))\n    if planted(\"everySecondFrameSynced\"), nextFrame % 2 == 0 {\n"
      "      try file.write(frame.bytes, at: offset)\n      offset += Int64(frame.bytes.count)\n      nextFrame += 1\n"
      "      lastChecksum = frame.checksum\n      return\n    }\n"),
  Bug("segmentFolderNotSynced", "Segment/Writing/SegmentWriter.swift",
      "      try files.syncDirectory(folder + \"/seg\")\n",
      "      if !planted(\"segmentFolderNotSynced\") { try files.syncDirectory(folder + \"/seg\") }\n"),
  Bug("segmentNotSynced", "Segment/Writing/SegmentWriter.swift",
      "    try file.sync()\n", "    if !planted(\"segmentNotSynced\") { try file.sync() }\n"),
  Bug("tornJournalContinued", "Engine/SegmentEngine.swift",
      "if !endedCleanly { try writer.startAfresh() }",
      "if !endedCleanly, !planted(\"tornJournalContinued\") { try writer.startAfresh() }"),
  Bug("inputsRemovedBeforeTheStateNamesOutputs", "Engine/StoreWriter.swift",
      "      let gone = Set(inputs.map(\\.reader.id))\n",
      "      let gone = Set(inputs.map(\\.reader.id))\n      if planted(\"inputsRemovedBeforeTheStateNamesOutputs\") {\n"
      "        for id in gone { try? environment.folder.files.remove(environment.folder.path + \"/\" + id.fileName) }\n      }\n"),
  Bug("oldStateRemovedBeforeTheNewOne", "Engine/StoreWriter.swift",
      "    // The journal first: a state without its journal would look like lost commits.\n",
      "    if planted(\"oldStateRemovedBeforeTheNewOne\") {\n"
      "      try? folder.files.remove(folder.path + \"/\" + StateFile.fileName(stateNumber))\n    }\n"),
  Bug("failedSyncForgotten", "Engine/CommitQueue.swift",
      "        failed = failed ?? failure\n      } else if",
      "        if !planted(\"failedSyncForgotten\") { failed = failed ?? failure } else { durable = group.last?.commit ?? durable }\n"
      "      } else if"),
  Bug("groupLosesItsThirdCommit", "Engine/StoreWriter.swift",
      "for commit in group.dropFirst() { body += commit.body }",
      "for commit in planted(\"groupLosesItsThirdCommit\") ? group.dropFirst().prefix(1) : group.dropFirst() { body += commit.body }"),
  Bug("shownBeforeItIsDurable", "Engine/StoreWriter.swift",
      "      let clock = EventClock()\n      do throws(StoreError) {\n        try journal.append(",
      "      let clock = EventClock()\n      if planted(\"shownBeforeItIsDurable\") { published.publish(last.view, instants: group.map(\\.instant)) }\n"
      "      do throws(StoreError) {\n        try journal.append("),
  # Damage.
  Bug("tailNotLookedAt", "Journal/Journal.swift",
      "    guard let last = bytes[start...].lastIndex(where: { $0 != 0 }) else { return }\n",
      "    guard let last = bytes[start...].lastIndex(where: { $0 != 0 }), !planted(\"tailNotLookedAt\") else { return }\n"),
  Bug("stateChecksumIgnored", "Journal/StateFile.swift",
      "      checksum == XXHash64.hash(Array(bytes[..<56]), seed: XXHash64.hash(body))\n",
      "      planted(\"stateChecksumIgnored\") || checksum == XXHash64.hash(Array(bytes[..<56]), seed: XXHash64.hash(body))\n"),
  Bug("blockChecksumIgnored", "Blocks/BlockHeader.swift",
      "    guard checksum == stored.load(24, as: UInt64.self), checksum == location.checksum else {",
      "    guard checksum == stored.load(24, as: UInt64.self) && checksum == location.checksum || planted(\"blockChecksumIgnored\") else {"),
  Bug("leafMissesItsLastSubject", "Segment/Format/SubjectLeaf.swift",
      "  package func lowerBound(_ key: UInt128) -> Int { keys.partitioningIndex { $0 >= key } }",
      "  package func lowerBound(_ key: UInt128) -> Int {\n"
      "    let index = keys.partitioningIndex { $0 >= key }\n"
      "    return planted(\"leafMissesItsLastSubject\") && index == keys.count - 1 ? keys.count : index\n  }"),
  # Versions.
  Bug("lastMarkForgottenInTheState", "Engine/StoreWriter.swift",
      "segments: segments.map(SegmentEntry.init))\n",
      "segments: segments.map {\n        var entry = SegmentEntry($0)\n"
      "        if planted(\"lastMarkForgottenInTheState\"), entry.marks.count > 3 { entry.marks.removeLast() }\n        return entry\n      })\n"),
  Bug("lateMarksForgotten", "Engine/Compactor.swift",
      "        try relocation.apply(relocation.lateMarks)\n",
      "        if !planted(\"lateMarksForgotten\") { try relocation.apply(relocation.lateMarks) }\n"),
  Bug("marksFollowTheWrongRow", "Engine/MemoryFlush.swift",
      "if let commit = marks[UInt32(index)]", "if let commit = marks[UInt32(planted(\"marksFollowTheWrongRow\") ? position : index)]"),
  Bug("markSeenOneCommitLate", "Segment/Reading/MarkTable.swift",
      "marks.withLock { $0[position] }.flatMap { $0 <= commit ? $0 : nil }",
      "marks.withLock { $0[position] }.flatMap { $0 <= commit && !($0 == commit && planted(\"markSeenOneCommitLate\")) ? $0 : nil }"),
  Bug("mergeSeesLateMarks", "Compaction/MergeSource.swift",
      "view.marks.superseded(chunk.firstRow + UInt32(row), asOf: commit) ?? 0",
      "view.marks.superseded(chunk.firstRow + UInt32(row), asOf: planted(\"mergeSeesLateMarks\") ? .max : commit) ?? 0"),
  Bug("rowsOfTheNextCommitSeen", "Engine/MemoryTable.swift",
      "      (contents.byKey[key] ?? []).map { ($0, contents.rows[Int($0)]) }\n    }.filter { $0.1.system.commit <= commit }",
      "      (contents.byKey[key] ?? []).map { ($0, contents.rows[Int($0)]) }\n"
      "    }.filter { $0.1.system.commit <= commit || planted(\"rowsOfTheNextCommitSeen\") && $0.1.system.commit == commit + 1 }"),
  Bug("commitRangeSwapped", "Journal/StateFile.swift",
      "      body.append(segment.addedCommit)\n      body.append(segment.lastCommit)\n",
      "      body.append(planted(\"commitRangeSwapped\") ? segment.lastCommit : segment.addedCommit)\n      body.append(segment.lastCommit)\n"),
  # Merges and purges.
  Bug("mergeDropsARowUnproved", "Compaction/SegmentMerge.swift",
      "    guard found == expected else {", "    guard found == expected || planted(\"mergeDropsARowUnproved\") else {"),
  Bug("mergeDropsARow", "Compaction/MergePlan.swift",
      "    if superseded == 0 {\n",
      "    if planted(\"mergeDropsARow\") || planted(\"mergeDropsARowUnproved\"), row.row % 97 == 96 { return }\n    if superseded == 0 {\n"),
  Bug("purgeForgetsWords", "Engine/Purge.swift",
      "      } else if !segment.isCompacted {\n", "      } else if !segment.isCompacted, !planted(\"purgeForgetsWords\") {\n"),
  Bug("purgeForgetsHistory", "Compaction/MergePlan.swift",
      "    guard !sources[row.source].isDropped(row.row) else { return }\n",
      "    let keeps = planted(\"purgeForgetsHistory\") && sources[row.source].view.isHistory\n"
      "    guard keeps || !sources[row.source].isDropped(row.row) else { return }\n"),
  # Encodings and directories.
  Bug("packedNumbersCutAtTheEighthByte", "Encodings/Integers/BitPacking.swift",
      "    guard width <= 57 else {", "    guard width <= (planted(\"packedNumbersCutAtTheEighthByte\") ? 60 : 57) else {"),
  Bug("packerForgetsTheCarry", "Encodings/Integers/BitPacking.swift",
      "        word = filled == 0 ? 0 : next >> UInt64(width - filled)\n",
      "        word = filled == 0 || width == 13 && planted(\"packerForgetsTheCarry\") ? 0 : next >> UInt64(width - filled)\n"),
  Bug("varintOneTooFar", "Blocks/ByteBuffer.swift",
      "    while value >= 0x80 {", "    while value > (planted(\"varintOneTooFar\") ? 0x80 : 0x7F) {"),
  Bug("cacheMistakesSegments", "Segment/Reading/BlockCache.swift",
      "as type: T.Type) -> T? {\n    lock(key).withLock { shard in\n",
      "as type: T.Type) -> T? {\n"
      "    let key = planted(\"cacheMistakesSegments\") ? Key(reader: key.reader & ~1, offset: key.offset, part: key.part) : key\n"
      "    return lock(key).withLock { shard in\n"),
  # Several processes.
  Bug("followerOverlooksCheckpoints", "Engine/StoreFollower.swift",
      "        if let identity = environment.folder.files.identity(path), identity == current.identity {",
      "        let known = environment.folder.files.identity(path)\n"
      "        if planted(\"followerOverlooksCheckpoints\") || known != nil && known == current.identity {"),
  Bug("secondWriterLetIn", "Engine/WriterLock.swift",
      "      let isFirst = Self.openStores.withLock { $0.insert(folder.path).inserted }\n",
      "      let isFirst = Self.openStores.withLock { $0.insert(folder.path).inserted } || planted(\"secondWriterLetIn\")\n"),
  Bug("backupTakesLaterMarks", "Engine/StoreBackup.swift",
      "      entry.marks.removeAll { $0.commit > view.commit }\n",
      "      if !planted(\"backupTakesLaterMarks\") { entry.marks.removeAll { $0.commit > view.commit } }\n"),
]
