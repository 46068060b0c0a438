#!/usr/bin/env python3
"""Owns the measurement of finding subjects by name: names as registers have them, and what is asked of them.

Usage: Benchmarks/names.py [--peer] [NAMES] [FOLDER]   (default 5000000 and a temporary folder; needs the built programs)

Names are put together as the rules on enterprise names have it: place, trade name, line of business, legal form; shops, cooperatives and branches
beside companies. Trade names are drawn from 1,500 characters, frequent ones more often. The same number gives the same names. Printed: bytes of
the index by name, and how long exact names, prefixes and substrings take (median and 99th percentile of a thousand questions of each kind).
With --peer SQLite is asked the same through an index of names and its index of trigrams, a tenth of the questions, and must find as many.
"""
import bisect
import itertools
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CREDIT = os.path.join(ROOT, "Examples/.build/release/credit")
BENCHMARK = os.path.join(ROOT, "Benchmarks/.build/release/NameBenchmark")
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [pow(3, place, 31) for place in range(17)]
PLACES = ["秦皇岛", "秦皇岛市", "秦皇岛市海港区", "秦皇岛市山海关区", "秦皇岛市北戴河区", "秦皇岛市抚宁区", "秦皇岛经济技术开发区",
          "昌黎县", "卢龙县", "青龙满族自治县", "抚宁区", "海港区", "河北", "河北省"]
LINES = ["商贸", "贸易", "建筑工程", "装饰工程", "科技", "信息技术", "网络科技", "物流", "运输", "汽车销售", "汽车维修", "房地产开发", "物业服务",
         "餐饮管理", "食品", "农业开发", "园林绿化", "广告", "文化传媒", "教育咨询", "企业管理咨询", "人力资源", "劳务派遣", "机械设备",
         "机电设备", "电子", "电力工程", "环保科技", "新能源", "化工", "建材", "钢材销售", "矿业", "玻璃制品", "金属制品", "包装", "印刷",
         "医疗器械", "医药", "旅行社", "酒店管理", "健身服务", "家政服务", "保安服务", "船舶服务", "港口服务", "水产", "养殖", "粮油", "酒业"]
FORMS = ["有限公司"] * 80 + ["有限责任公司"] * 12 + ["股份有限公司"] * 4 + ["(有限合伙)"] * 4
SHOPS = ["超市", "便利店", "餐馆", "饭店", "小吃店", "烧烤店", "理发店", "美容院", "服装店", "五金商店", "建材经销处", "烟酒店", "水果店",
         "药房", "诊所", "汽车修理厂", "洗车行", "快递服务站", "旅馆", "农家院", "种植场", "养殖场", "蔬菜批发部", "饲料经销处", "电器商行"]


def characters():
  """1,500 characters of the first level of GB 2312 in an order of their own, the first ones the most frequent."""
  level = [bytes([high, low]).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFF) if (high, low) < (0xD7, 0xFA)]
  chosen = random.Random(1).sample(level, 1500)
  weights = list(itertools.accumulate(1 / (rank + 20) for rank in range(len(chosen))))
  return chosen, weights


def names(count, seed=1):
  chance = random.Random(seed)
  chosen, weights = characters()
  total = weights[-1]

  def trade_name():
    length = 2 if chance.random() < 0.62 else 3 if chance.random() < 0.75 else 4
    return "".join(chosen[bisect.bisect(weights, chance.random() * total)] for _ in range(length))

  for _ in range(count):
    kind, place = chance.random(), PLACES[int(chance.random() ** 2 * len(PLACES))]
    if kind < 0.55:
      yield place + trade_name() + chance.choice(LINES) + chance.choice(FORMS)
    elif kind < 0.9:
      yield place + trade_name() + chance.choice(SHOPS)
    elif kind < 0.95:
      yield place + trade_name() + chance.choice(["种植", "养殖", "农机", "果蔬", "水产养殖"]) + "农民专业合作社"
    else:
      yield "河北" + trade_name() + chance.choice(LINES) + "有限公司" + place + "分公司"


def code(number):
  """A unified social credit code for a number."""
  digits, rest = [], number
  for _ in range(8):
    rest, digit = divmod(rest, 31)
    digits.append(ALPHABET[digit])
  front = "91130302" + "".join(reversed(digits)) + "0"
  return front + ALPHABET[-sum(ALPHABET.index(c) * w for c, w in zip(front, WEIGHTS)) % 31]


def questions(sample, path):
  """A thousand questions of each kind, taken from the names."""
  chance = random.Random(2)
  with open(path, "w", encoding="utf-8") as file:
    for kind, shortest, longest in [("exact", 0, 0), ("prefix", 2, 12), ("substring3", 3, 8), ("substring2", 2, 2)]:
      for _ in range(1000):
        name = chance.choice(sample)
        length = len(name) if kind == "exact" else min(len(name), chance.randint(shortest, longest))
        start = chance.randint(0, len(name) - length) if kind.startswith("substring") else 0
        file.write(f"{kind}\t{name[start:start + length]}\n")


# As the library has them: names that differ by these alone are nearly the same.
LEGAL_FORMS = ["(特殊普通合伙)", "(个人独资企业)", "股份有限公司", "有限责任公司", "(普通合伙)", "(有限合伙)", "(个人独资)", "有限公司", "股份公司"]
PEER_EVERY = 10


def legal_variants(name):
  core = next((name[:-len(form)] for form in LEGAL_FORMS if name.endswith(form) and name != form), name)
  return [core + form for form in ["", *LEGAL_FORMS]]


def peer(data, asked, path):
  """Puts the names into SQLite and prints how long it takes for the same questions; returns what it found by kind."""
  start = time.monotonic()
  base = sqlite3.connect(path)
  base.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-524288;"
                     "CREATE TABLE names(id INTEGER PRIMARY KEY, code TEXT, name TEXT, bytes INTEGER);"
                     "CREATE VIRTUAL TABLE parts USING fts5(name, content='names', content_rowid='id', tokenize='trigram');")
  with open(data, encoding="utf-8") as file:
    next(file)
    rows = (line.rstrip("\n").split(",") for line in file)
    base.executemany("INSERT INTO names(code, name, bytes) VALUES (?, ?, ?)", ((c, n, len(n.encode())) for c, n in rows))
  base.executescript("CREATE INDEX by_name ON names(name, bytes, code); INSERT INTO parts(parts) VALUES ('rebuild'); ANALYZE;")
  base.commit()
  print(f"SQLite: loaded and indexed in {time.monotonic() - start:.0f} s, {os.path.getsize(path)} bytes")
  order = " ORDER BY bytes, name, code LIMIT 20"
  found, times = {}, {}
  with open(asked, encoding="utf-8") as file:
    questions_ = [line.rstrip("\n").split("\t") for line in file][::PEER_EVERY]
  for turn in range(2):
    for kind, name in questions_:
      variants = legal_variants(name)
      start = time.monotonic()
      marks = ",".join("?" * len(variants))
      rows = base.execute(f"SELECT code FROM names WHERE name IN ({marks})" + order, variants).fetchall()
      if kind != "exact" and len(rows) < 20:
        rows += base.execute("SELECT code FROM names WHERE name > ? AND name < ?" + order,
                             (name, name[:-1] + chr(ord(name[-1]) + 1))).fetchall()
      if kind == "substring3" and len(set(rows)) < 20:
        rows += base.execute("SELECT n.code FROM parts p JOIN names n ON n.id = p.rowid WHERE parts MATCH ?" + order.replace("bytes, name", "n.bytes, n.name"),
                             ('"' + name + '"',)).fetchall()
      if kind == "substring2" and len(set(rows)) < 20:
        rows += base.execute("SELECT code FROM names WHERE instr(name, ?)" + order, (name,)).fetchall()
      if turn == 1:
        times.setdefault(kind, []).append((time.monotonic() - start) * 1000)
        found[kind] = found.get(kind, 0) + min(20, len(set(rows)))
  for kind, all_ in times.items():
    all_.sort()
    print(f"SQLite {kind}: median {all_[len(all_) // 2]:.2f} ms, p99 {all_[int(len(all_) * 0.99)]:.1f} ms, found {found[kind]}")
  return found


def credit(*arguments):
  run = subprocess.run([CREDIT, *arguments, "--json"], capture_output=True, text=True)
  if run.returncode != 0:
    sys.exit(f"credit {arguments[0]} failed: {run.stdout[-300:]}{run.stderr[-300:]}")
  return json.loads(run.stdout.splitlines()[0])


def main():
  words = [word for word in sys.argv[1:] if word != "--peer"]
  count = int(words[0]) if words else 5_000_000
  with tempfile.TemporaryDirectory(prefix="credit-names.") as temporary:
    folder = words[1] if len(words) > 1 else temporary
    os.makedirs(folder, exist_ok=True)
    store, data, asked = folder + "/store", folder + "/names.csv", folder + "/questions.txt"
    if not os.path.exists(data):
      sample, chance = [], random.Random(3)
      with open(data, "w", encoding="utf-8") as file:
        file.write("CODE,NAME\n")
        for number, name in enumerate(names(count)):
          file.write(f"{code(number * 7919)},{name}\n")
          if chance.random() < 20_000 / count:
            sample.append(name)
      questions(sample, asked)
    if not os.path.exists(store):
      entry = {"code": "NAMES", "name": "主体名称", "subject": ["CODE"], "subjectName": "NAME", "recordKey": ["CODE"],
               "items": [{"id": "CODE", "name": "统一社会信用代码", "type": "text", "length": 18, "identifier": "unifiedSocialCreditCode"},
                         {"id": "NAME", "name": "名称", "type": "text", "length": 100}]}
      with open(folder + "/entry.json", "w", encoding="utf-8") as file:
        json.dump(entry, file, ensure_ascii=False)
      credit("init", store)
      credit("catalogue", "import", store, folder + "/entry.json")
      receipt = credit("collect", store, "--entry", "NAMES", data)
      merged = credit("compact", store)
      print(f"loaded {receipt['loaded']} in {receipt['seconds']:.1f} s, merged in {merged['seconds']:.1f} s")
    if "--peer" in sys.argv:
      tenth = folder + "/tenth.txt"
      with open(asked, encoding="utf-8") as file, open(tenth, "w", encoding="utf-8") as part:
        part.writelines(list(file)[::PEER_EVERY])
      own = json.loads(subprocess.run([BENCHMARK, store, tenth], capture_output=True, text=True, check=True).stdout)
      found = peer(data, asked, temporary + "/peer.db")
      if any(own[kind]["found"] != found[kind] for kind in found):
        sys.exit(f"the answers differ: {own}, SQLite {found}")
    result = json.loads(subprocess.run([BENCHMARK, store, asked], capture_output=True, text=True, check=True).stdout)
    names_count = max(1, result["indexedNames"])
    print(f"index: {result['indexBytes']} bytes, {result['indexBytes'] / names_count:.1f} a name, {names_count} names")
    for kind in ("exact", "prefix", "substring3", "substring2"):
      print(kind, json.dumps(result[kind], ensure_ascii=False))


main()
