"""Mistakes that are planted into a copy of the engine, to show that the tests catch them.

Each names its file, the text it replaces, which must stand there exactly once, and what stands there instead; `planted("name")` is true in
the run that looks for it. A mistake that a second line of defence makes good takes that away too: `also` has further changes of other files. `scripts/campaign-planted` puts all of them into one copy, builds it once, and runs the tests for each.
"""

from collections import namedtuple

Bug = namedtuple("Bug", "name file old new also", defaults=((),))

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
      "if !endedCleanly, !planted(\"tornJournalContinued\") { try writer.startAfresh() }",
      # The last frame is also written again before the journal is continued, which alone is enough.
      also=[("Journal/Journal.swift", "    guard contents.lastOffset < contents.nextOffset else { return }\n",
             "    guard contents.lastOffset < contents.nextOffset, !planted(\"tornJournalContinued\") else { return }\n")]),
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
      "marks.withLock { $0.commits[position] }.flatMap { $0 <= commit ? $0 : nil }",
      "marks.withLock { $0.commits[position] }.flatMap { $0 <= commit && !($0 == commit && planted(\"markSeenOneCommitLate\")) ? $0 : nil }"),
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
      "as type: T.Type) -> T? {\n    let hash = key.hash\n",
      "as type: T.Type) -> T? {\n"
      "    let key = planted(\"cacheMistakesSegments\") ? Key(reader: key.reader & ~1, offset: key.offset, part: key.part) : key\n"
      "    let hash = key.hash\n"),
  # Several processes.
  Bug("followerOverlooksCheckpoints", "Engine/StoreFollower.swift",
      "        if let identity = environment.folder.files.identity(path), identity == current.identity {",
      "        let known = environment.folder.files.identity(path)\n"
      "        if planted(\"followerOverlooksCheckpoints\") || known != nil && known == current.identity {"),
  Bug("secondWriterLetIn", "Engine/WriterLock.swift",
      "      let isFirst = Self.openStores.withLock { $0.insert(folder.path).inserted }\n",
      "      let isFirst = Self.openStores.withLock { $0.insert(folder.path).inserted } || planted(\"secondWriterLetIn\")\n",
      # The lock of the file keeps a second writer of the same process out as well: both lines of defence are away.
      also=[("Engine/WriterLock.swift", "          if let lock = try folder.files.lock(lockPath) {\n",
             "          if let lock = try folder.files.lock(\n"
             "            planted(\"secondWriterLetIn\") ? lockPath + String(UInt64.random(in: 0...99)) : lockPath)\n          {\n")]),
  Bug("backupTakesLaterMarks", "Engine/StoreBackup.swift",
      "      entry.marks.removeAll { $0.commit > view.commit }\n",
      "      if !planted(\"backupTakesLaterMarks\") { entry.marks.removeAll { $0.commit > view.commit } }\n"),
  # Indexes of texts.
  Bug("indexMissesTexts", "Compaction/MergeEncoder.swift",
      "        if let text = try cursors[source.source].text(source.row, key: key) {\n",
      "        if !planted(\"indexMissesTexts\") || row % 50 != 7, let text = try cursors[source.source].text(source.row, key: key) {\n"),
  Bug("listsForgetTheLastGroup", "Segment/TextIndex/PostingsCursor.swift",
      "    guard remaining > 0 else { return Self.over }\n",
      "    guard remaining > (planted(\"listsForgetTheLastGroup\") ? 1 : 0) else { return Self.over }\n"),
]

# Written by somebody who had not seen the tests, after they were finished; nothing is tuned to them.
FRESH = [
  # Engine. A process that shares a store with others takes the right to write and gives a new segment a number which another process gave one
  # since: it replaces that segment's file, or writes a state that contradicts itself. The store cannot be opened any more, the other's rows
  # are gone. Only when two processes write in turns and both make segments (batches, checkpoints, merges).
  Bug("sharedWriterGivesNumbersTwice", "Engine/SegmentEngine.swift",
      "          environment.raiseNextSegment(to: opened.nextSegment)\n",
      "          if !planted(\"sharedWriterGivesNumbersTwice\") { environment.raiseNextSegment(to: opened.nextSegment) }\n"),
  # Engine. A backup names its new state before it makes the journal of that state: when the power goes, the process dies or making the journal
  # fails in between, the highest state has no journal. The backup can neither be opened nor be brought up to date again; reading it meanwhile
  # reports damage.
  Bug("backupNamesItsStateBeforeItsJournal", "Engine/StoreBackup.swift",
      "    try files.remove(target.path + \"/\" + JournalFormat.fileName(number))\n"
      "    _ = try Journal(creating: number, store: environment.identifier, folder: target.path, files: files)\n"
      "    try StateFile.write(state, store: environment.identifier, folder: target.path, files: files)\n",
      "    try files.remove(target.path + \"/\" + JournalFormat.fileName(number))\n"
      "    let isStateFirst = planted(\"backupNamesItsStateBeforeItsJournal\")\n"
      "    if isStateFirst {\n"
      "      try StateFile.write(state, store: environment.identifier, folder: target.path, files: files)\n"
      "    }\n"
      "    _ = try Journal(creating: number, store: environment.identifier, folder: target.path, files: files)\n"
      "    if !isStateFirst {\n"
      "      try StateFile.write(state, store: environment.identifier, folder: target.path, files: files)\n"
      "    }\n"),
  # Journal. The second copy of the state is looked for behind the first, where the first says that it ends: when the damaged bytes are those
  # of the length in the first copy's header, the whole second copy is not found, and neither opening nor repair works.
  Bug("secondStateFoundThroughTheFirst", "Journal/StateFile.swift",
      "-> [UInt8] { Array(bytes[(bytes.count / 2)...]) }",
      "-> [UInt8] {\n    Array(bytes[(planted(\"secondStateFoundThroughTheFirst\") ? first(bytes).count : bytes.count / 2)...])\n  }"),
  # Compaction. The ranges of subjects of two outputs of a merge share the subject at which they meet: its rows are written into both outputs,
  # and stay doubled for ever; the proof, made range by range, agrees. Only when a merge has several outputs.
  Bug("rangesOfAMergeShareASubject", "Compaction/SegmentMerge.swift",
      "        ranges.append(start...leaf.key - 1)\n",
      "        ranges.append(start...(planted(\"rangesOfAMergeShareASubject\") ? leaf.key : leaf.key - 1))\n"),
  # Encodings. Where many values of a block are read at once, an exception in the first row asked for is passed over: a patched integer lacks
  # its high part, and a mapped code is the one of the map. Sums, filters and groups are wrong for an outlier at the start of a vector (every
  # 8,192nd row, the first row of a part found by its subject); rows read one by one are right.
  Bug("exceptionOfTheFirstRowPassedOver", "Encodings/Integers/IntegerExceptions.swift",
      "    let first = rows.partitioningIndex { Int($0) >= range.lowerBound }\n",
      "    let passed = planted(\"exceptionOfTheFirstRowPassedOver\") ? 1 : 0\n"
      "    let first = rows.partitioningIndex { Int($0) >= range.lowerBound + passed }\n"),
  # Scan. Marks in front of the rows of a part are not skipped, and the first of them stops the walk along the marks: superseded rows come
  # alive in questions that read a part of a segment: by subject, from the subject at which a page begins, or the second part of a large one.
  Bug("marksBeforeAPartNotSkipped", "Scan/VectorScan.swift",
      "    if next < hidden.count, hidden[next] < first { next = hidden.partitioningIndex { $0 >= first } }\n",
      "    if !planted(\"marksBeforeAPartNotSkipped\"), next < hidden.count, hidden[next] < first {\n"
      "      next = hidden.partitioningIndex { $0 >= first }\n    }\n"),
  # Segment. The zone map of a vector is that of the block its first row lies in, although its last rows lie in the next: they are left out of
  # filtered questions, and withdrawn records among them are counted. Where partitions of a collection end inside a vector, and where a page
  # begins at a subject, in datasets of more rows than a block.
  Bug("zoneMapOfTheFirstBlockAlone", "Segment/Reading/ColumnVectors.swift",
      "    while index + 1 < column.blocks.count, Int(",
      "    while !planted(\"zoneMapOfTheFirstBlockAlone\"), index + 1 < column.blocks.count, Int("),
  # Repair. The rows that must be there are counted from the leaves that can be read: rows whose leaf of the subject directory is damaged are
  # missing in the repaired store and in the report, which says that everything is there.
  Bug("rowsOfLostLeavesNotReported", "Repair/SegmentSalvage.swift",
      "    lose(Int(chunk.rowCount) - taken, of: chunk.dataset, batches: lostBatches)\n",
      "    let expected =\n      planted(\"rowsOfLostLeavesNotReported\")\n      ? runs.reduce(0) { $0 + Int($1.run.count) } : Int(chunk.rowCount)\n"
      "    lose(expected - taken, of: chunk.dataset, batches: lostBatches)\n"),
]

BUGS += FRESH
