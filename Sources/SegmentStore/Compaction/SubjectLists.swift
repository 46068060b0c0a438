// Owns the runs of a range of subjects in one segment, sorted out by dataset.
// Invariants: keys ascend within a dataset; the leaves of the range are read once for all datasets.
// Does not read rows.

/// The subjects of a key range, dataset by dataset.
package struct SubjectLists {
  /// The rows of one subject: positions of the segment.
  package struct Run {
    package var key: UInt128
    package var first: UInt32
    package var count: UInt32
  }

  package fileprivate(set) var byDataset: [DatasetID: [Run]] = [:]

  /// - Parameter keys: which subjects.
  package init(_ segment: SegmentReader, keys: ClosedRange<UInt128>) throws(StoreError) {
    let fences = try segment.subjectTree().fences
    let start = max(0, fences.partitioningIndex { $0.firstKey > keys.lowerBound } - 1)
    for fence in fences[min(start, fences.count)...] {
      guard fence.firstKey <= keys.upperBound else { break }
      let leaf = try segment.leaf(fence)
      for subject in leaf.lowerBound(keys.lowerBound)..<leaf.subjectCount {
        let key = leaf.key(subject)
        guard key <= keys.upperBound else { break }
        for run in leaf.runs(subject) {
          byDataset[run.dataset, default: []].append(Run(key: key, first: run.first, count: run.count))
        }
      }
    }
  }

  /// Gives back the memory of a dataset that is done.
  package mutating func forget(_ dataset: DatasetID) { byDataset[dataset] = nil }
}
