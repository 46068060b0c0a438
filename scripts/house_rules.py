#!/usr/bin/env python3
"""Rules that no formatter knows; prints what breaks them and ends with 1. Part of scripts/lint.

Usage: scripts/house_rules.py   (first checks itself: each rule must see a line that breaks it)

1. Numbers that were read from a file become an Int only where they must fit: 64 bits through `exactly:` or `clamping:`; and they are not multiplied
   where they are read, but where the product is checked.
2. System calls on files stand in FileSystem alone, where simulated disks and failing calls can take their place.
3. A library does not print or end the process, and sleeps only through FileSystem.
4. Every source file is used: something it declares is named in another file.
5. Every script is named in another file.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CALLS = (r"(?<![.\w])(?:pread|pwrite|fsync|fdatasync|ftruncate|unlink|unlinkat|flock|mmap|munmap|opendir|mkdir|posix_\w+)\("
         r"|\b(?:Glibc|Darwin)\.(?:open|read|write|rename|link|fsync|close|unlink)\(")
BANNED = (r"(?<![.\w])(?:print|exit|abort|sleep|usleep|system|fork|assertionFailure|unsafeBitCast)\((?!\.|until:)"
          r"|\b(?:Glibc|Swift|Thread|Task)\.(?:print|exit|abort|sleep|usleep|system|fork)\(")
READ = r"(?:\w+\.)*(?:read\((?:U?Int\d+)\.self\)|readVarint\(\))"
WIDE = r"(?:\w+\.)*(?:read\(UInt64\.self\)|readVarint\(\))"
DECLARED = re.compile(r"^(?:  )?(?:@\w+(?:\([^)]*\))?\s+)*(?:public |package |internal )?(?:static |final |indirect |mutating |nonisolated )*"
                      r"(?:struct|class|enum|actor|protocol|func|typealias|var|let|case|subscript|init)\s*(\w*)")


def sources(*folders):
  for folder in folders:
    for place, names, files in os.walk(os.path.join(ROOT, folder)):
      names[:] = [name for name in names if not name.startswith(".")]
      yield from (os.path.join(place, file) for file in files)


def code(line):
  """A line without its comment and without what stands in its texts."""
  return re.sub(r'"(?:\\.|[^"\\])*"', '""', line).split("//")[0]


def lines_of(path):
  with open(path, encoding="utf-8") as file:
    return [code(line) for line in file.read().splitlines()]


def rules_of_lines(path, lines, report):
  inside = os.path.relpath(path, os.path.join(ROOT, "Sources"))
  for number, line in enumerate(lines, 1):
    place = f"Sources/{inside}:{number}"
    if re.search(rf"(?<![\w.])(?:Int|Int8|Int16|Int32|Int64|UInt8|UInt16|UInt32)\((?:try )?{WIDE}\)", line):
      report(f"{place}: a number of 64 bits from a file needs exactly: or clamping:")
    if re.search(rf"{READ}[)\s]*\*|\*\s*(?:try )?(?:U?Int\d*\()?(?:try )?{READ}", line):
      report(f"{place}: a number from a file is multiplied unchecked")
    if inside.startswith("SegmentStore/") and not inside.startswith("SegmentStore/FileSystem/") and re.search(CALLS, line):
      report(f"{place}: a system call outside FileSystem")
    if not inside.startswith("SegmentStore/FileSystem/") and re.search(BANNED, line) and "func " not in line:
      report(f"{place}: a call a library does not make")


def unused_files(texts, report):
  """Files of Sources of which no declaration is named elsewhere."""
  words = {path: set(re.findall(r"\w+", "\n".join(lines))) for path, lines in texts.items()}
  for path, lines in texts.items():
    if not path.startswith(os.path.join(ROOT, "Sources")):
      continue
    declared = {match.group(1) for line in lines if (match := DECLARED.match(line)) and len(match.group(1)) > 2}
    # An extension that only adds a conformance declares what its protocol asks for.
    if any(re.match(r"\s*(?:public |package )?extension [\w.]+\s*:", line) for line in lines):
      continue
    if not any(declared & other for place, other in words.items() if place != path):
      report(f"{os.path.relpath(path, ROOT)}: nothing in it is used by another file")


def unused_scripts(report):
  texts = {}
  for path in list(sources("scripts", "docs", ".ci", "Benchmarks", "Tests", "Fuzzing")) + [os.path.join(ROOT, "README.md")]:
    if "/.build/" in path:
      continue
    with open(path, encoding="utf-8", errors="replace") as file:
      texts[path] = file.read()
  for path in sources("scripts"):
    name = os.path.basename(path)
    stem = name.removesuffix(".py")
    if not any(name in text or f"import {stem}" in text or f"from {stem} " in text for other, text in texts.items() if other != path):
      report(f"scripts/{name}: named nowhere")


def check_self():
  """Each rule sees what it forbids, and nothing in a line that keeps to all."""
  path = os.path.join(ROOT, "Sources/SegmentStore/Engine/X.swift")
  for line in ["let a = Int(try reader.read(UInt64.self))", "let a = try Int(reader.readVarint())", "let a = 8 * reader.readVarint()",
               "let a = Int(try reader.read(UInt32.self)) * width", "_ = pread(file, b, 1, 0)", "_ = Glibc.open(path, 0)", 'print("x")', "Glibc.exit(1)",
               "Thread.sleep(1)"]:
    found = []
    rules_of_lines(path, [code(line)], found.append)
    assert found, f"no rule sees: {line}"
  found = []
  rules_of_lines(path, ["let a = Int(exactly: try reader.read(UInt64.self))", "try file.sync()", "files.rename(a, to: b)"], found.append)
  assert not found, found
  found = []
  unused_files({path: ["struct DeadThing {", "  func neverCalled() {", "    let bytes = 1"], path + "y": ["let bytes = 2"]}, found.append)
  assert found, "no rule sees a file that nothing uses"


def main():
  check_self()
  broken = []
  swift = {path: lines_of(path)
           for path in sources("Sources", "Tests", "Examples", "Benchmarks", "Fuzzing") if path.endswith(".swift") and "/.build/" not in path}
  for path, lines in swift.items():
    if path.startswith(os.path.join(ROOT, "Sources")):
      rules_of_lines(path, lines, broken.append)
  unused_files(swift, broken.append)
  unused_scripts(broken.append)
  for line in broken:
    print(line)
  sys.exit(1 if broken else 0)


main()
