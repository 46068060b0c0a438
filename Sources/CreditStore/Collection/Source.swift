// Owns what can be collected: a CSV or JSON file, a sheet of a workbook, or rows that a program hands over.
// Invariants: a source is read once, from first to last.
// Does not read.

extension CreditDatabase {
  /// Where the rows of a batch come from (数据来源).
  public struct Source: Sendable {
    /// Path of the file, or what the rows are to be called in the receipt.
    public var path: String
    /// The encoding of its text.
    public var encoding: FileEncoding
    private var form = Form.csv

    private enum Form: Sendable {
      case csv
      case handed(byteCount: Int?, next: @Sendable () throws -> [UInt8]?)
      case json(member: String?, encoding: FileEncoding)
      case xlsx(sheet: String?, headerRow: Int?)
    }

    /// A CSV file (RFC 4180).
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - encoding: of its text.
    public static func csv(_ path: String, encoding: FileEncoding = .auto) -> Source {
      Source(path: path, encoding: encoding)
    }

    /// CSV text (RFC 4180) that a program hands over piece by piece, from a request or another database; nothing of it is written to a file first.
    ///
    /// ```swift
    /// let receipt = try await database.collect(.csv(named: "upload.csv") { try body.next() }, for: "XZCF", from: unit)
    /// ```
    /// - Parameters:
    ///   - name: what the receipt calls it.
    ///   - encoding: of the text.
    ///   - byteCount: bytes there will be, where that is known: only progress needs it.
    ///   - next: the next bytes, a header line among the first; `nil` at the end. Pieces may end anywhere, some 100 KiB are a good size. Called on threads
    ///     of the store, one call at a time; an error it throws ends the collection, and nothing is taken in.
    public static func csv(
      named name: String, encoding: FileEncoding = .auto, byteCount: Int? = nil,
      next: @escaping @Sendable () throws -> [UInt8]?
    ) -> Source {
      Source(path: name, encoding: encoding, form: .handed(byteCount: byteCount, next: next))
    }

    /// A JSON file: an object a line (JSON lines), an array of objects, or objects behind one another (RFC 8259).
    ///
    /// Names of members are taken as a header is: item ids, Chinese names or aliases. Members that are left out or `null` are absent; numbers keep the
    /// digits they are written with, powers of ten written out. An object that cannot be read, or has a member twice, is kept aside as it stands. JSON is
    /// UTF-8 by its standard; a file in GB 18030 is read all the same, and refused (`undecodable`) where a byte of it is none. The file is read twice.
    ///
    /// ```swift
    /// let receipt = try await database.collect(.json("response.json", recordsIn: "rows"), for: "XZXK", from: unit)
    /// ```
    /// - Parameters:
    ///   - path: of the file.
    ///   - member: where the file is one object around the records, the name of the member that holds them.
    ///   - encoding: of its text.
    public static func json(
      _ path: String, recordsIn member: String? = nil, encoding: FileEncoding = .auto
    ) -> Source {
      Source(path: path, encoding: .utf8, form: .json(member: member, encoding: encoding))
    }

    /// A sheet of a .xlsx workbook (ISO/IEC 29500, ECMA-376).
    ///
    /// Dates are what their cells show: `2021-01-31`, `2021-01`, `2021-01-31T08:00:00`; other numbers have the 15 digits that spreadsheets keep, so that
    /// an identifier that was typed as a number has lost its last ones and is set aside. Formulas are what the program last worked out. Old .xls workbooks
    /// and those with a password are refused.
    ///
    /// ```swift
    /// let receipt = try await database.collect(.xlsx("2026-11.xlsx", sheet: "行政处罚"), for: "XZCF", from: unit)
    /// ```
    /// - Parameters:
    ///   - path: of the workbook.
    ///   - sheet: its name; `nil` = the first that is not hidden.
    ///   - headerRow: number of the row with the header, as the sheet counts from 1; `nil` = the first row with two values, so that a title above it does no
    ///     harm.
    public static func xlsx(_ path: String, sheet: String? = nil, headerRow: Int? = nil) -> Source {
      Source(path: path, encoding: .utf8, form: .xlsx(sheet: sheet, headerRow: headerRow))
    }

    /// Begins to read.
    package func open() throws -> any ByteSource {
      switch form {
      case .csv: return try FileBytes(path: path)
      case .handed(let byteCount, let next): return HandedBytes(totalBytes: byteCount, next)
      case .json(let member, let encoding):
        return try JSONRows(path: path, member: member, encoding: encoding)
      case .xlsx(let sheet, let headerRow):
        return try SheetRows(Workbook(path: path), sheet: sheet, headerRow: headerRow)
      }
    }
  }
}
