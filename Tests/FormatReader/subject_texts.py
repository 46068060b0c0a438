"""Texts of subjects: one for each subject of a segment, and columns that follow them.

Owns encoding 10 and the directory of the texts. Invariants: the directory has one column, of texts, with one row for each subject of
the segment in the order of their keys; a row that follows is no null, no exception, and its subject has a text.
"""

from column_directory import SUBJECTS, ColumnDirectory
from column_parts import TEXT


class SubjectTextDirectory(ColumnDirectory):
  """Attributes: texts, by subject key; None for a subject without one."""

  def __init__(self, blocks, location, keys):
    super().__init__(blocks, location, 1, keys, ())
    self.texts = dict(zip(keys, self.columns[SUBJECTS]))

  def is_expected(self, id, type, place):
    return (id, type, place) == (SUBJECTS, TEXT, 0)

  def check_relation(self, cursor, head):
    cursor.require(head.other == 0 and head.factor == 0, "the texts of subjects follow another column")
