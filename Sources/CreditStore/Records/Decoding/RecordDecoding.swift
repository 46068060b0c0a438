// Owns turning a record into a type of the caller's own.
// Invariants: a value is never rounded, cut or guessed: what does not fit its type is an error that names the item.
// Does not mask anything.

import CreditModel

extension CreditRecord {
  /// The values of the record as a type of one's own (类型化读取): each property takes the item whose id, or else whose name, is its coding key.
  ///
  /// Texts and codes become `String` or enumerations of it, integers any integer type that can hold them, decimals `FixedDecimal`, or `Double` where rounding does
  /// no harm, dates `Day`, months `Month`, timestamps `Second`, booleans `Bool`; `String` takes any value in its canonical form. A property that may be absent is optional.
  ///
  /// ```swift
  /// struct Penalty: Decodable {
  ///   enum CodingKeys: String, CodingKey { case number = "CF_WSH", fine = "CF_NR_FK", day = "CF_JDRQ" }
  ///   var number: String
  ///   var fine: FixedDecimal?
  ///   var day: Day
  /// }
  /// let penalties = try snapshot.records(of: code).map { try $0.decode(Penalty.self) }
  /// ```
  /// - Parameter type: what to make of the record.
  /// - Throws: `DecodingError`: `keyNotFound` for an item the entry does not have, `valueNotFound` for an absent value, `typeMismatch` for one that does not fit.
  public func decode<Result: Decodable>(_ type: Result.Type = Result.self) throws -> Result {
    try Result(from: RecordDecoder(record: self))
  }

  /// Position of the item with an id, or with a name where no item has such an id.
  fileprivate func position(of key: some CodingKey) -> Int? {
    entry.itemIndex(key.stringValue)
      ?? entry.items.firstIndex { $0.name.utf8.elementsEqual(key.stringValue.utf8) }
  }
}

/// A record as decoders see it: a container with the items as keys.
private struct RecordDecoder: Decoder {
  let record: CreditRecord
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(ItemContainer<Key>(record: record))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw mismatch() }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { throw mismatch() }

  private func mismatch() -> DecodingError {
    .typeMismatch(
      [String: String].self,
      .init(codingPath: [], debugDescription: "a record of \(record.entry.code) is read by its items"))
  }
}

/// The items of a record.
private struct ItemContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let record: CreditRecord
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] {
    record.entry.items.indices.compactMap {
      record.values[$0] == nil ? nil : Key(stringValue: record.entry.items[$0].id)
    }
  }

  // An item that the entry does not have is a mistake, for an optional property too: it would be absent for ever.
  func contains(_ key: Key) -> Bool { true }

  func decodeNil(forKey key: Key) throws -> Bool { record.values[try position(key)] == nil }

  func decode<Result: Decodable>(_ type: Result.Type, forKey key: Key) throws -> Result {
    try item(key).decode(type)
  }

  private func position(_ key: Key) throws -> Int {
    guard let position = record.position(of: key) else {
      throw DecodingError.keyNotFound(
        key,
        .init(codingPath: [], debugDescription: "entry \(record.entry.code) has no item \(key.stringValue)"))
    }
    return position
  }

  // What the protocol asks for one by one.
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try scalar(key) }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try scalar(key) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try scalar(key) }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try scalar(key) }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try scalar(key) }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try scalar(key) }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try scalar(key) }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try scalar(key) }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try scalar(key) }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try scalar(key) }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try scalar(key) }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try scalar(key) }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try scalar(key) }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try scalar(key) }

  private func scalar<Result: ItemScalar>(_ key: Key) throws -> Result { try item(key).scalar() }

  private func item(_ key: Key) throws -> ItemDecoder {
    ItemDecoder(value: record.values[try position(key)], codingPath: [key])
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { throw nesting(key) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw nesting(key) }
  func superDecoder() throws -> any Decoder { RecordDecoder(record: record) }
  func superDecoder(forKey key: Key) throws -> any Decoder { throw nesting(key) }

  private func nesting(_ key: Key) -> DecodingError {
    .typeMismatch(
      [String: String].self,
      .init(
        codingPath: [key], debugDescription: "item \(key.stringValue) is one value, nothing stands inside it")
    )
  }
}
