"""Owns how a child process is measured (seconds, core seconds, peak memory, JSON) and file sizes. Knows no store."""
import dataclasses
import json
import os
import subprocess
import sys
import time


class Failure(Exception):
  """A child failed, or two engines gave different answers."""


@dataclasses.dataclass
class Child:
  """What one process took: wall seconds, core seconds, peak resident MiB, and the bytes it printed."""
  seconds: float
  core: float
  memory: float
  output: bytes


def run(command, environment=None):
  """Runs a child to its end; a failure is raised with the command."""
  start = time.monotonic()
  process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **(environment or {})})
  output = process.stdout.read()
  process.stdout.close()
  _, status, usage = os.wait4(process.pid, 0)
  process.returncode = os.waitstatus_to_exitcode(status)
  if process.returncode:
    sys.stderr.write(output.decode(errors="replace")[-2000:])
    raise Failure(f"failed with {process.returncode}: {' '.join(map(str, command))[:400]}")
  peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
  return Child(time.monotonic() - start, usage.ru_utime + usage.ru_stime, peak, output)


def run_json(command, environment=None):
  """Runs a child that prints one JSON object; returns the object and what it took."""
  child = run(command, environment)
  try:
    return json.loads(child.output), child
  except ValueError:
    raise Failure(f"printed no JSON: {' '.join(map(str, command))[:400]}") from None


def run_json_lines(command):
  """Runs a child that prints one JSON object a line; returns the objects."""
  try:
    return [json.loads(line) for line in run(command).output.splitlines()]
  except ValueError:
    raise Failure(f"printed no JSON: {' '.join(map(str, command))[:400]}") from None


def forget_pages():
  """Makes the system forget what it keeps of files in memory; False where it may not be asked to."""
  os.sync()
  try:
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
      file.write("3")
    return True
  except OSError:
    return False


def size(path):
  """Bytes of a file with what lies beside it under the same name (logs, locks), or of all files of a folder."""
  if os.path.isdir(path):
    return sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(path) for f in files)
  folder, name = os.path.split(path)
  return sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder) if f.startswith(name))
