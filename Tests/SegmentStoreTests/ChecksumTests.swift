// Goal: the checksums are the published ones.
// Method: vectors of the xxHash specification and of FIPS 180-4, and all lengths against a byte-wise second reading.

@testable import SegmentStore
import TestSupport
import Testing

@Suite struct ChecksumTests {
  @Test func xxHash64EqualsThePublishedVectors() {
    #expect(XXHash64.hash([]) == 0xEF46_DB37_51D8_E999)
    #expect(XXHash64.hash(Array("a".utf8)) == 0xD24E_C4F1_A98C_6E5B)
    #expect(XXHash64.hash(Array("abc".utf8)) == 0x44BC_2CF5_AD77_0999)
    #expect(XXHash64.hash(Array("Nobody inspects the spammish repetition".utf8)) == 0xFBCE_A83C_8A37_8BF1)
  }

  @Test func sha256EqualsThePublishedVectors() {
    func hex(_ text: String) -> String {
      SHA256.hash(text.utf8).map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    }
    #expect(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      hex(String(repeating: "a", count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func everyBitOfAHashedTextCounts() {
    for length in 0..<100 {
      let bytes = (0..<length).map { UInt8($0) }
      let hash = XXHash64.hash(bytes, seed: 7)
      for index in 0..<length {
        var changed = bytes
        changed[index] ^= 1
        #expect(XXHash64.hash(changed, seed: 7) != hash)
      }
    }
  }
}
