// Goal: a member of a catalogue file that nothing reads is named, and no member that is read ever is.

import CreditModel
import Foundation
import Testing

struct UnreadMembersTests {
  private func unread(_ json: String) -> [String] { CatalogueEntry.unreadMembers(json: Data(json.utf8)) }

  @Test(
    "misspelt members are named by their path",
    arguments: [
      (#"{"code": "T", "items": [{"id": "A", "requird": true}]}"#, ["items[0].requird"]),
      (
        #"[{"code": "T"}, {"code": "U", "Name": "x", "items": [{"id": "A"}, {"id": "B", "lenght": 3}]}]"#,
        ["[1].Name", "[1].items[1].lenght"]
      ),
      (
        #"{"rules": [{"id": "1", "when": [{"item": "A", "iss": "x"}], "sevrity": "error"}], "theme": {"code": {"x": [1, 2]}}}"#,
        ["rules[0].when[0].iss", "rules[0].sevrity", "theme"]
      ),
      (#"{"c\u006fde": "T", "a\"b": "{\"x\": 1}", "name": "a, \"code\": [}"}"#, ["a\"b"]),
      (
        #"{"items": [{"id": "A", "options": ["x", "y"], "mask": [1, 2]}, {"wrong": [{"id": 1}]}]}"#,
        ["items[1].wrong"]
      ),
      ("", []), ("[]", []), ("{\"a", []), ("]]}}", []), ("{\"x\\", []),
    ])
  func pathsOfUnreadMembers(json: String, expected: [String]) {
    #expect(unread(json) == expected)
  }

  @Test("every stored property of entry, item, rule and clause is the name of a member that is read")
  func propertiesAreMembers() throws {
    let entry = try #require(CatalogueEntry.nationalTemplates.first)
    let rule = EntryRule(id: "R", require: [RuleClause("A", .present)], message: "m")
    let places: [(Any, String)] = [
      (entry, "{\"NAME\": 1}"), (entry.items[0], "{\"items\": [{\"NAME\": 1}]}"),
      (rule, "{\"rules\": [{\"NAME\": 1}]}"),
      (rule.require[0], "{\"rules\": [{\"when\": [{\"NAME\": 1}]}]}"),
    ]
    for (value, json) in places {
      let names = Mirror(reflecting: value).children.compactMap(\.label)
      #expect(!names.isEmpty)
      for name in names {
        #expect(unread(json.replacingOccurrences(of: "NAME", with: name)).isEmpty, "\(name)")
      }
      #expect(unread(json.replacingOccurrences(of: "NAME", with: "naem")).count == 1)
    }
  }

  @Test("a long name costs no more than its length")
  func longNames() {
    let long = String(repeating: "长", count: 100_000)
    let members = Array(repeating: "\"a\": 1", count: 100_000).joined(separator: ",")
    let found = unread("{\"\(long)\": {\(members)}, \"b\": 2}")
    #expect(found == [String(repeating: "长", count: 100), "b"])
  }

  @Test("nothing that the library writes itself is unread, whatever an entry has")
  func writtenEntriesAreReadWhole() throws {
    // An entry with every member that there is.
    let json = """
      {"code": "T", "name": "n", "version": 2, "category": "c", "nature": "negative", "subjectKinds": ["legalPerson"], "openness": "public",
       "sharing": "conditional", "sharingCondition": "s", "updateCycle": "daily", "basis": "b", "units": ["11130300000000019B"], "subject": ["A"],
       "subjectName": "N", "subjectState": "S", "recordKey": ["K"], "eventDate": "D", "invalidIdentifier": "warn", "level": "municipal", "region": "130300",
       "summary": "z", "versionNote": "v", "effectiveFrom": "2020-01-01", "effectiveUntil": "2030-01-01",
       "items": [{"id": "A", "name": "a", "type": "text", "identifier": "any", "identifierKindFrom": "N", "mask": [1, 1], "openness": "authorized"},
         {"id": "N", "aliases": ["x"], "length": 20, "required": true, "remarks": "r"}, {"id": "S", "options": ["1", "2"], "allowsSeveral": true},
         {"id": "K"}, {"id": "D", "type": "date"}, {"id": "M", "type": "decimal", "precision": 10, "scale": 2}],
       "rules": [{"id": "R", "message": "m", "severity": "warning", "when": [{"item": "N", "is": "present"}],
         "require": [{"item": "D", "is": "atLeast", "other": "D"}]}]}
      """
    #expect(unread(json).isEmpty)
    let entries = try CatalogueEntry.decode(json: Data(json.utf8))
    let written = String(decoding: entries[0].encodedJSON(), as: UTF8.self)
    #expect(unread(written).isEmpty)
    for template in CatalogueEntry.nationalTemplates {
      #expect(unread(String(decoding: template.encodedJSON(), as: UTF8.self)).isEmpty)
    }
  }
}
