"""Texts of subjects: of each kind one for each subject of a segment, and columns that follow them.

Owns the directory of the texts. Invariants: the directory has columns of texts only, ascending by id, with one row for each subject of
the segment in the order of their keys; none follows another.
"""

from column_directory import SUBJECTS, ColumnDirectory
from column_parts import TEXT


class SubjectTextDirectory(ColumnDirectory):
  """Attributes: texts, by column by subject key; None for a subject without one."""

  def __init__(self, blocks, location, keys):
    super().__init__(blocks, location, None, keys, ())
    self.texts = {id: dict(zip(keys, values)) for id, values in self.columns.items()}

  def is_expected(self, id, type, place):
    return id in SUBJECTS and type == TEXT and all(before < id for before in self.columns)

  def check_relation(self, cursor, head):
    cursor.require(head.other == 0 and head.factor == 0, "the texts of subjects follow another column")
