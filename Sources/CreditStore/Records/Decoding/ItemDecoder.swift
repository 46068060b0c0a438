// Owns turning one value of a record into what a property asks for.
// Invariants: integers are exact or refused; a Double of a decimal is the nearest there is; any value has a text.
// Does not find the item (RecordDecoding).

import CreditModel

/// One value as decoders see it.
struct ItemDecoder: Decoder, SingleValueDecodingContainer {
  /// `nil` = absent.
  let value: Value?
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }
  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    throw mismatch([String: String].self)
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw mismatch([String].self) }

  func decodeNil() -> Bool { value == nil }

  /// Values of the library's own types are given as they are.
  func decode<Result: Decodable>(_ type: Result.Type) throws -> Result {
    switch value {
    case .day(let day as Result)?: return day
    case .month(let month as Result)?: return month
    case .second(let second as Result)?: return second
    case .decimal(let decimal as Result)?: return decimal
    default: break
    }
    if let scalar = type as? any ItemScalar.Type, let found = try scalar.init(self) as? Result {
      return found
    }
    // A day is no time, although it could be read as one: what a property gets is what the item is.
    let isOwn = type == Day.self || type == Month.self || type == Second.self
    if isOwn, value?.stored != nil { throw mismatch(type) }
    return try Result(from: self)
  }

  func scalar<Result: ItemScalar>() throws -> Result { try Result(self) }

  func decode(_ type: Bool.Type) throws -> Bool { try scalar() }
  func decode(_ type: String.Type) throws -> String { try scalar() }
  func decode(_ type: Double.Type) throws -> Double { try scalar() }
  func decode(_ type: Float.Type) throws -> Float { try scalar() }
  func decode(_ type: Int.Type) throws -> Int { try scalar() }
  func decode(_ type: Int8.Type) throws -> Int8 { try scalar() }
  func decode(_ type: Int16.Type) throws -> Int16 { try scalar() }
  func decode(_ type: Int32.Type) throws -> Int32 { try scalar() }
  func decode(_ type: Int64.Type) throws -> Int64 { try scalar() }
  func decode(_ type: UInt.Type) throws -> UInt { try scalar() }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try scalar() }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try scalar() }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try scalar() }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try scalar() }

  private var name: String { codingPath.last?.stringValue ?? "" }

  /// The error of a value that is not there, or does not fit.
  func mismatch(_ type: Any.Type) -> DecodingError {
    guard value != nil else {
      return .valueNotFound(
        type, .init(codingPath: codingPath, debugDescription: "item \(name) has no value"))
    }
    return .typeMismatch(
      type, .init(codingPath: codingPath, debugDescription: "a value of item \(name) is no \(type)"))
  }
}

/// What a value can become by itself.
protocol ItemScalar: Decodable {
  init(_ item: ItemDecoder) throws
}

extension String: ItemScalar {
  init(_ item: ItemDecoder) throws {
    guard let value = item.value else { throw item.mismatch(String.self) }
    self = value.canonicalText
  }
}

extension Bool: ItemScalar {
  init(_ item: ItemDecoder) throws {
    guard case .boolean(let flag)? = item.value else { throw item.mismatch(Bool.self) }
    self = flag
  }
}

extension ItemScalar where Self: FixedWidthInteger {
  init(_ item: ItemDecoder) throws {
    guard case .integer(let number)? = item.value, let exact = Self(exactly: number) else {
      throw item.mismatch(Self.self)
    }
    self = exact
  }
}

extension ItemScalar where Self: BinaryFloatingPoint & LosslessStringConvertible {
  init(_ item: ItemDecoder) throws {
    switch item.value {
    case .integer(let number)?: self = Self(number)
    case .decimal(let number)?:
      guard let nearest = Self(number.description) else { throw item.mismatch(Self.self) }
      self = nearest
    default: throw item.mismatch(Self.self)
    }
  }
}

extension Double: ItemScalar {}
extension Float: ItemScalar {}
extension Int: ItemScalar {}
extension Int8: ItemScalar {}
extension Int16: ItemScalar {}
extension Int32: ItemScalar {}
extension Int64: ItemScalar {}
extension UInt: ItemScalar {}
extension UInt8: ItemScalar {}
extension UInt16: ItemScalar {}
extension UInt32: ItemScalar {}
extension UInt64: ItemScalar {}
