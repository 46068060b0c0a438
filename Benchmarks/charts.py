"""Owns the charts: horizontal bars as SVG, readable on light and on dark ground. Knows not what they mean."""
import dataclasses
import math
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 236, 150, 26, 58
STYLE = """
text { font: 13px system-ui, "Segoe UI", "Noto Sans", sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 } .note { fill: #59636e; font-size: 12px }
.ground { fill: #ffffff } .bar { fill: #9aa7b4 } .own { fill: #0a7d55 }
.axis { stroke: #c8ced5 } .cut { stroke: #ffffff } .faint { stroke: #eceff2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9198a1 }
  .ground { fill: #0d1117 } .bar { fill: #5c6773 } .own { fill: #2fb380 }
  .axis { stroke: #3d444d } .cut { stroke: #0d1117 } .faint { stroke: #21262d }
}"""


@dataclasses.dataclass
class Bar:
  """A bar: what it is, how long, the text behind it, and whether it is this library's."""
  label: str
  value: float
  text: str
  own: bool = False


def _bar(bar, number, scale, limit):
  top = TOP + number * ROW
  cut = bar.value > limit
  length = max(1.0, min(bar.value, limit) * scale)
  kind = "own" if bar.own else "bar"
  weight = ' font-weight="600"' if bar.own else ""
  lines = [f'<text x="{LEFT - 10}" y="{top + 16}" text-anchor="end"{weight}>{escape(bar.label)}</text>',
           f'<rect class="{kind}" x="{LEFT}" y="{top + 4}" width="{length:.1f}" height="16" rx="2"/>']
  if cut:  # a gap near the end: the bar would be longer than the chart
    for shift in (0, 8):
      x = LEFT + length - 26 + shift
      lines.append(f'<line class="cut" x1="{x:.1f}" y1="{top + 22}" x2="{x + 7:.1f}" y2="{top + 2}" stroke-width="3"/>')
  lines.append(f'<text x="{LEFT + length + 8:.1f}" y="{top + 16}"{weight}>{escape(bar.text)}</text>')
  return lines


def write(path, title, note, bars, limit=None):
  """Writes one chart; bars longer than the limit are cut, which shows as a gap in them."""
  longest = max(bar.value for bar in bars)
  limit = min(limit or longest, longest)
  scale = (WIDTH - LEFT - RIGHT) / limit
  lines = [line for number, bar in enumerate(bars) for line in _bar(bar, number, scale, limit)]
  _write(path, title, note, len(bars), [*lines, _upright("axis", LEFT, len(bars))])


def write_ratios(path, title, note, bars):
  """Writes one chart of ratios, by their logarithms: bars above 1 go to the right, in this library's colour if own."""
  powers = [math.log10(bar.value) for bar in bars]
  least, most = min(0, *powers), max(0.1, *powers)
  scale = (WIDTH - LEFT - RIGHT) / (most - least)
  zero = LEFT - least * scale
  lines = [_upright("faint", zero + power * scale, len(bars))
           for power in range(math.ceil(least), math.floor(most) + 1) if power]
  for number, (bar, power) in enumerate(zip(bars, powers)):
    lines += _ratio(bar, number, zero, power * scale)
  _write(path, title, note, len(bars), [*lines, _upright("axis", zero, len(bars))])


def _ratio(bar, number, zero, length):
  """A bar that starts at the axis and goes right or, where its length is below 0, left; its text is right of both."""
  top = TOP + number * ROW
  begin, end = min(zero, zero + length), max(zero, zero + length)
  kind = "own" if bar.own else "bar"
  return [f'<text x="{LEFT - 10}" y="{top + 16}" text-anchor="end">{escape(bar.label)}</text>',
          f'<rect class="{kind}" x="{begin:.1f}" y="{top + 4}" width="{max(1, end - begin):.1f}" height="16" rx="2"/>',
          f'<text x="{end + 8:.1f}" y="{top + 16}">{escape(bar.text)}</text>']


def _upright(kind, x, rows):
  return f'<line class="{kind}" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{TOP + rows * ROW + 2}"/>'


def _write(path, title, note, rows, drawn):
  """Writes what was drawn, on its ground and below title and note."""
  height = TOP + rows * ROW + 14
  lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
           f'role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">',
           f"<title>{escape(title)}</title>", f"<style>{STYLE}</style>",
           f'<rect class="ground" width="{WIDTH}" height="{height}" rx="6"/>',
           f'<text class="title" x="16" y="26">{escape(title)}</text>',
           f'<text class="note" x="16" y="45">{escape(note)}</text>', *drawn, "</svg>", ""]
  with open(path, "w", encoding="utf-8") as file:
    file.write("\n".join(lines))
