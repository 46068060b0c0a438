"""Owns how numbers and tables look in the page: ratios, times, Markdown rows. Knows no engine."""
import statistics

OWN = "**CreditStore**"
median = statistics.median


def ratio(peer, own):
  """The peer's cost divided by this library's: above 1, this library needs less."""
  value = peer / own
  return f"{value:,.0f}" if value >= 20 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def microseconds(value):
  """A time with its unit."""
  if value >= 1000:
    return f"{value / 1000:.1f} ms"
  return f"{value:.0f} µs" if value >= 20 else f"{value:.1f} µs" if value >= 1 else f"{value:.2f} µs"


def table(head, rows):
  """Lines of a Markdown table and an empty one."""
  lines = [head, ["---"] * len(head), *rows]
  return ["| " + " | ".join(cells) + " |" for cells in lines] + [""]


def picture(name, text):
  """Lines that show a chart."""
  return [f"![{text}]({name}.svg)", ""]


def paragraph(*sentences):
  """One paragraph and an empty line."""
  return [" ".join(sentences), ""]
