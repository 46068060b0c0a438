"""What the campaigns with real processes share: the command, files for it, and what a store holds.

Not a program of its own.
"""
import hashlib
import json
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CREDIT = os.path.join(ROOT, "Examples/.build/release/credit")
KINDS = {"01": "QYDJ", "02": "XZXK", "03": "XZCF"}


def credit(*arguments, environment=None):
  """The lines `credit --json` prints."""
  run = subprocess.run([CREDIT, *arguments, "--json"], capture_output=True, text=True, env=environment)
  return run.stdout.splitlines()


def must(*arguments):
  """The same for what has to succeed."""
  run = subprocess.run([CREDIT, *arguments, "--json"], capture_output=True, text=True)
  assert run.returncode == 0, (arguments, run.stdout[-500:], run.stderr[-500:])
  return run.stdout.splitlines()


def content(store):
  """Hash of all current records, whatever commit they came with, and how many versions there are."""
  digest, after = hashlib.sha256(), []
  while True:
    run = subprocess.run([CREDIT, "query", store, "--limit", "10000", "--unmasked", "--purpose", "campaign", "--json", *after],
                         capture_output=True)
    lines = run.stdout.rstrip(b"\n").rsplit(b"\n", 1)
    end = json.loads(lines[-1])
    assert "more" in end, end
    digest.update(re.sub(rb'"commit":[0-9]+,', b"", lines[0]) if len(lines) > 1 else b"")
    if not end["more"]:
      return digest.hexdigest(), json.loads(credit("stats", store)[0])["versions"]
    after = ["--after", end["next"]]


def generate(folder, records, seed):
  """One file of each kind and one that is sent in part a second time, each with its entry."""
  must("generate", folder, "--records", str(records), "--seed", str(seed))
  everything = sorted(name for name in os.listdir(folder) if name[:2] in KINDS)
  names = [n for i, n in enumerate(everything) if n[:2] not in [e[:2] for e in everything[:i]]] + everything[-1:]
  return [(f"{folder}/{name}", KINDS[name[:2]]) for name in names]


def subjects(store):
  """Codes and record keys of registrations."""
  lines = credit("query", store, "--entry", "QYDJ", "--limit", "2000", "--unmasked", "--purpose", "campaign")[:-1]
  records = [json.loads(line) for line in lines]
  return [(r["values"]["统一社会信用代码"], r["key"]) for r in records if "统一社会信用代码" in r["values"]]


def preloaded(source, target):
  """Builds a library of `scripts` that is loaded before the C library."""
  subprocess.run(["clang", "-shared", "-fPIC", "-O1", "-o", target, os.path.join(ROOT, "scripts", source), "-ldl"], check=True)
