// Owns the way to real material that is not part of the project.
// Invariants: without the environment variable tests pass and say what they skipped.

import Foundation

/// The folder named by `CREDIT_REAL_DATA`.
public enum RealData {
  /// Path of the folder, or `nil`.
  public static let folder: String? = ProcessInfo.processInfo.environment["CREDIT_REAL_DATA"].flatMap {
    FileManager.default.fileExists(atPath: $0) ? $0 : nil
  }

  /// Path below the folder; prints what is skipped where the material is not there.
  public static func path(_ name: String, for test: String) -> String? {
    guard let folder, FileManager.default.fileExists(atPath: folder + "/" + name) else {
      print("skipped \(test): set CREDIT_REAL_DATA to a folder with \(name)")
      return nil
    }
    return folder + "/" + name
  }
}
