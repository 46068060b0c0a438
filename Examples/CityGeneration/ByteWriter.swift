// Owns writing CSV text into memory, cell by cell.
// Invariants: cells come without characters that need quotes, unless they are written as quoted; a row ends with a line feed.

/// Writes rows into one array of bytes.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []
  private var isFirst = true

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  /// Takes the bytes away and begins anew.
  mutating func take() -> [UInt8] {
    let taken = bytes
    bytes = []
    bytes.reserveCapacity(taken.count + taken.count / 8)
    return taken
  }

  @inline(__always) mutating func beginCell() {
    if isFirst { isFirst = false } else { bytes.append(0x2C) }
  }

  @inline(__always) mutating func endRow() {
    bytes.append(0x0A)
    isFirst = true
  }

  @inline(__always) mutating func write(_ text: [UInt8]) { bytes.append(contentsOf: text) }

  @inline(__always) mutating func write(_ text: ArraySlice<UInt8>) { bytes.append(contentsOf: text) }

  @inline(__always) mutating func write(_ text: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: text) }

  @inline(__always) mutating func byte(_ byte: UInt8) { bytes.append(byte) }

  /// A number, with leading zeros up to a width.
  mutating func write(_ number: Int, width: Int = 1) {
    var number = max(0, number)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var place = 20
      repeat {
        place -= 1
        digits[place] = UInt8(0x30 + number % 10)
        number /= 10
      } while number > 0 || 20 - place < min(width, 20)
      bytes.append(contentsOf: digits[place..<20])
    }
  }

  /// A decimal number of so many places, trailing zeros kept.
  mutating func write(units: Int, places: Int) {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    write(units / scale)
    guard places > 0 else { return }
    byte(0x2E)
    write(units % scale, width: places)
  }
}
