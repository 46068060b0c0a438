// Owns standard output and standard error: messages, tables and progress bars.
// Invariants: progress only where standard error is a terminal; data only on standard output.

import Foundation
import Synchronization

/// Standard output and standard error.
public enum Terminal {
  /// Whether standard error is a terminal.
  public static let isErrorTerminal = isatty(2) == 1

  /// Writes a line to standard error.
  public static func error(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// Writes a line to standard output.
  public static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

  /// A table with aligned columns; numbers to the right.
  public static func table(_ header: [String], _ rows: [[String]]) {
    let widths = header.indices.map { column in
      ([header] + rows).map { width($0[column]) }.max() ?? 0
    }
    for (index, row) in ([header] + rows).enumerated() {
      let cells = row.indices.map { column -> String in
        let padding = String(repeating: " ", count: max(0, widths[column] - width(row[column])))
        return index > 0 && Double(row[column]) != nil ? padding + row[column] : row[column] + padding
      }
      line(cells.joined(separator: "  "))
      if index == 0 { line(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")) }
    }
  }

  /// Columns a text takes on a terminal: Chinese characters take two.
  public static func width(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + (isWide($1.value) ? 2 : 1) }
  }

  private static func isWide(_ value: UInt32) -> Bool {
    (0x1100...0x115F).contains(value) || (0x2E80...0xA4CF).contains(value)
      || (0xAC00...0xD7A3).contains(value)
      || (0xF900...0xFAFF).contains(value) || (0xFE30...0xFE6F).contains(value)
      || (0xFF00...0xFF60).contains(value)
      || (0xFFE0...0xFFE6).contains(value) || (0x20000...0x3FFFD).contains(value)
  }
}

/// A progress bar on standard error.
public final class ProgressBar: Sendable {
  private let label: String
  private let last = Mutex<ContinuousClock.Instant?>(nil)

  /// Begins a bar.
  public init(_ label: String) { self.label = label }

  /// Draws the bar, at most ten times a second.
  public func show(_ fraction: Double, _ detail: String) {
    guard Terminal.isErrorTerminal else { return }
    let now = ContinuousClock.now
    let isDue = last.withLock { last in
      if let last, now - last < .milliseconds(100) { return false }
      last = now
      return true
    }
    guard isDue else { return }
    let filled = Int((max(0, min(1, fraction)) * 30).rounded())
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
    FileHandle.standardError.write(Data("\r\u{1B}[K\(label) \(bar) \(Int(fraction * 100)) % \(detail)".utf8))
  }

  /// Removes the bar.
  public func finish() {
    guard Terminal.isErrorTerminal else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
  }
}
