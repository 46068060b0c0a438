// Owns finding the rows of a merge's inputs again in its outputs: for marks that were set while the merge ran.
// Invariants: a row is found by making the plan of its subject again, as of the commit of the merge; a row that cannot be found is an
// error, never a mark that is forgotten.
// Does not change marks.

package struct MarkRelocation {
  /// A mark set on an input after the merge began.
  package struct LateMark {
    package var input: Int
    package var position: UInt32
    package var commit: UInt64
    package init(input: Int, position: UInt32, commit: UInt64) {
      self.input = input
      self.position = position
      self.commit = commit
    }
  }

  private struct Place: Hashable {
    var dataset: DatasetID
    var key: UInt128
  }

  private let inputs: [SegmentView]
  private let outputs: [SegmentView]
  private let commit: UInt64
  private let dropped: DroppedRows

  /// - Parameters:
  ///   - inputs: in the order the merge had them.
  ///   - outputs: those with current rows.
  ///   - commit: the commit of the merge.
  ///   - dropped: rows the merge left out; marks on them are gone with them.
  package init(
    inputs: [SegmentView], outputs: [SegmentView], asOf commit: UInt64, dropped: DroppedRows = .none
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.commit = commit
    self.dropped = dropped
  }

  /// Marks set after the commit of the merge.
  package var lateMarks: [LateMark] {
    inputs.enumerated().flatMap { index, view in
      view.marks.all.filter { $0.commit > commit }.map {
        LateMark(input: index, position: $0.position, commit: $0.commit)
      }
    }
  }

  /// Sets the marks on the outputs.
  package func apply(_ marks: [LateMark]) throws(StoreError) {
    guard !marks.isEmpty else { return }
    var places: [Place: [LateMark]] = [:]
    for input in inputs.indices {
      let own = marks.filter { $0.input == input }.sorted { $0.position < $1.position }
      guard !own.isEmpty else { continue }
      try find(own, in: inputs[input].reader) { place, mark in places[place, default: []].append(mark) }
    }
    guard places.values.reduce(0, { $0 + $1.count }) == marks.count else { throw Self.lost }
    for (place, marks) in places { try apply(marks, of: place) }
  }

  private static var lost: StoreError {
    StoreError(.damaged, "a superseded row was not found again after a merge; the merge was given up")
  }

  /// Looks through the subjects of a segment for the rows at positions that ascend.
  private func find(
    _ marks: [LateMark], in segment: SegmentReader, _ found: (Place, LateMark) -> Void
  ) throws(StoreError) {
    for fence in try segment.subjectTree().fences {
      let leaf = try segment.leaf(fence)
      for subject in 0..<leaf.subjectCount {
        for run in leaf.runs(subject) {
          var next = marks.partitioningIndex { $0.position >= run.first }
          while next < marks.count, marks[next].position - run.first < run.count {
            found(Place(dataset: run.dataset, key: leaf.key(subject)), marks[next])
            next += 1
          }
        }
      }
    }
  }

  private func apply(_ marks: [LateMark], of place: Place) throws(StoreError) {
    var sources: [MergeSource] = []
    var numbers: [Int: Int] = [:]
    var parts: [MergePlan.Part] = []
    for (input, view) in inputs.enumerated() {
      let runs = try view.reader.runs(of: place.key).filter { $0.dataset == place.dataset }
      // Sources are numbered as in the merge: those of the dataset, whether or not they know the subject.
      guard let source = try MergeSource(view, dataset: place.dataset, asOf: commit, dropped: dropped) else {
        continue
      }
      numbers[input] = sources.count
      for run in runs {
        let own = SubjectLists.Run(key: place.key, first: run.first, count: run.count)
        parts.append(MergePlan.Part(source: sources.count, run: own))
      }
      sources.append(source)
    }
    var plan = MergePlan(sources)
    try plan.add(parts)
    for mark in marks {
      guard let source = numbers[mark.input] else { throw Self.lost }
      let row = Int(mark.position - sources[source].chunk.firstRow)
      guard !sources[source].isDropped(row) else { continue }
      guard let index = plan.current.rows.firstIndex(of: RowSource(source: source, row: row)) else {
        throw Self.lost
      }
      try set(mark.commit, index, plan.current.rows.count, of: place)
    }
  }

  /// Marks one of the rows of a subject in the output that has them.
  private func set(_ commit: UInt64, _ index: Int, _ count: Int, of place: Place) throws(StoreError) {
    for output in outputs {
      for run in try output.reader.runs(of: place.key) where run.dataset == place.dataset {
        guard Int(run.count) == count, output.marks.insert(run.first + UInt32(index), commit: commit) else {
          throw Self.lost
        }
        return
      }
    }
    throw Self.lost
  }
}
