"""Subject keys: the text a key stands for.

Owns the families of keys and their characters. Invariants: a key with a text is the only one of its family with
that text, because every bit behind the text must be 0; keys of other families have no text.
"""

CODE_FAMILIES, SHORT_TEXT_FAMILY = range(1, 6), 6
CODE_CHARACTERS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CODE_SHIFTS = range(118, 0, -6)
SHORT_TEXT_SIZE = 15


def key_text(key):
  """The bytes of the text, or None if the key has none; ValueError if its family does not know such a key."""
  family = key >> 124
  if family in CODE_FAMILIES:
    return code_text(key)
  return short_text(key) if family == SHORT_TEXT_FAMILY else None


def code_text(key):
  digits = bytes(key >> shift & 63 for shift in CODE_SHIFTS)
  used = digits.rstrip(b"\0")
  if key & 15 or 0 in used or max(used, default=0) > len(CODE_CHARACTERS):
    raise ValueError(f"the key {key:032x} is no code")
  return bytes(CODE_CHARACTERS[digit - 1] for digit in used)


def short_text(key):
  size, whole = key & 15, (key >> 4 & (1 << 8 * SHORT_TEXT_SIZE) - 1).to_bytes(SHORT_TEXT_SIZE, "big")
  text = whole[:size]
  if any(whole[size:]) or not is_utf8(text):
    raise ValueError(f"the key {key:032x} is no short text")
  return text


def is_utf8(text):
  try:
    text.decode()
    return True
  except UnicodeDecodeError:
    return False
