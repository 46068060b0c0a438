// Owns decoding GB 18030 (and GBK, its subset) to UTF-8.
// Invariants: private-use characters survive: codes that the edition of 2000 maps to the private use area decode to it
// even where the installed iconv follows a later edition, so that text read here equals what other systems read.
// The two-byte table comes from iconv; four-byte codes follow from it by the rule of the standard.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Decoder for GB 18030.
package struct GB18030: Sendable {
  /// The decoder; `nil` where the system's iconv does not know GB 18030.
  package static let shared: GB18030? = GB18030()

  /// Two-byte codes that later editions moved out of the private use area, and their scalar of 2000.
  private static let privateUse: [(code: UInt16, scalar: UInt16)] = [
    (0xA6D9, 0xE78D), (0xA6DA, 0xE78E), (0xA6DB, 0xE78F), (0xA6DC, 0xE790), (0xA6DD, 0xE791),
    (0xA6DE, 0xE792),
    (0xA6DF, 0xE793), (0xA6EC, 0xE794), (0xA6ED, 0xE795), (0xA6F3, 0xE796), (0xA8BC, 0xE7C7),
    (0xFE51, 0xE816),
    (0xFE52, 0xE817), (0xFE53, 0xE818), (0xFE59, 0xE81E), (0xFE61, 0xE826), (0xFE66, 0xE82B),
    (0xFE67, 0xE82C),
    (0xFE6C, 0xE831), (0xFE6D, 0xE832), (0xFE76, 0xE83B), (0xFE7E, 0xE843), (0xFE90, 0xE854),
    (0xFE91, 0xE855),
    (0xFEA0, 0xE864),
  ]

  /// Scalars of two-byte codes, index (lead - 0x81) * 192 + trail - 0x40; 0 = none.
  private let twoByte: [UInt16]
  /// Scalars of four-byte codes inside the Basic Multilingual Plane, by linear index.
  private let fourByte: [UInt16]

  private init?() {
    guard let table = Self.loadTwoByteTable() else { return nil }
    twoByte = table
    var used = [Bool](repeating: false, count: 0x10000)
    for scalar in table where scalar != 0 { used[Int(scalar)] = true }
    // The standard numbers the remaining scalars of the plane in order.
    fourByte = (0x80...0xFFFF).filter { !used[$0] && !(0xD800...0xDFFF).contains($0) }.map { UInt16($0) }
  }

  private static func loadTwoByteTable() -> [UInt16]? {
    guard let converter = iconv_open("UTF-16LE", "GB18030"), converter != iconv_t(bitPattern: -1) else {
      return nil
    }
    defer { iconv_close(converter) }
    var table = [UInt16](repeating: 0, count: 126 * 192)
    for lead in 0x81...0xFE {
      for trail in 0x40...0xFE where trail != 0x7F {
        var input: [CChar] = [CChar(bitPattern: UInt8(lead)), CChar(bitPattern: UInt8(trail))]
        var output = [UInt16](repeating: 0, count: 4)
        let written = input.withUnsafeMutableBufferPointer { from -> Int in
          output.withUnsafeMutableBytes { to -> Int in
            var source = from.baseAddress
            var sourceLeft = 2
            var target = to.baseAddress?.assumingMemoryBound(to: CChar.self)
            var targetLeft = to.count
            let result = iconv(converter, &source, &sourceLeft, &target, &targetLeft)
            return result == Int(bitPattern: UInt.max) ? 0 : (8 - targetLeft) / 2
          }
        }
        // Codes outside the plane are among those corrected below.
        if written == 1 { table[(lead - 0x81) * 192 + trail - 0x40] = UInt16(littleEndian: output[0]) }
      }
    }
    for (code, scalar) in privateUse {
      table[(Int(code >> 8) - 0x81) * 192 + Int(code & 0xFF) - 0x40] = scalar
    }
    return table
  }

  /// Decodes bytes behind what `output` holds.
  ///
  /// - Returns: false at the first byte that is no GB 18030; `output` then ends before it.
  package func decode(_ input: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Bool {
    decodePrefix(input, into: &output) == input.count
  }

  /// Decodes bytes behind what `output` holds, up to the first that is no GB 18030 or begins a character that is cut; returns how many.
  package func decodePrefix(_ input: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Int {
    var index = 0
    while index < input.count {
      let lead = input[index]
      if lead < 0x80 {
        output.append(lead)
        index += 1
        continue
      }
      guard index + 1 < input.count, lead >= 0x81, lead <= 0xFE else { return index }
      let second = input[index + 1]
      if second >= 0x40 {
        guard second != 0x7F, second != 0xFF else { return index }
        let scalar = twoByte[(Int(lead) - 0x81) * 192 + Int(second) - 0x40]
        guard scalar != 0 else { return index }
        Self.append(UInt32(scalar), to: &output)
        index += 2
      } else {
        guard index + 3 < input.count,
          let scalar = fourByteScalar(lead, second, input[index + 2], input[index + 3])
        else {
          return index
        }
        Self.append(scalar, to: &output)
        index += 4
      }
    }
    return index
  }

  private func fourByteScalar(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) -> UInt32? {
    guard second >= 0x30, second <= 0x39, third >= 0x81, third <= 0xFE, fourth >= 0x30, fourth <= 0x39 else {
      return nil
    }
    let high = (Int(first) - 0x81) * 10 + Int(second) - 0x30
    let linear = (high * 126 + Int(third) - 0x81) * 10 + Int(fourth) - 0x30
    if linear < fourByte.count { return UInt32(fourByte[linear]) }
    guard linear >= 189_000, linear < 189_000 + 0x100000 else { return nil }
    return UInt32(linear - 189_000 + 0x10000)
  }

  private static func append(_ scalar: UInt32, to output: inout [UInt8]) {
    if scalar < 0x800 {
      output.append(UInt8(0xC0 | scalar >> 6))
    } else if scalar < 0x10000 {
      output.append(UInt8(0xE0 | scalar >> 12))
      output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
    } else {
      output.append(UInt8(0xF0 | scalar >> 18))
      output.append(UInt8(0x80 | scalar >> 12 & 0x3F))
      output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
    }
    output.append(UInt8(0x80 | scalar & 0x3F))
  }
}
