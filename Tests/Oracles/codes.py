#!/usr/bin/env python3
"""Oracle for identifiers, first of all unified social credit codes (GB 32100-2015).

    codes.py FILE        one code a line; prints the 1-based numbers of the lines that hold no
                         valid unified social credit code, ascending, one a line

It shares nothing with the library it judges but the specification. The other kinds of identifier
serve registrations.py. Invariants:

* A code is judged after normalisation: outer blanks trimmed, full-width to half-width, ASCII
  upper-case, inner blanks and hyphens dropped. Letters outside the alphabet are never repaired.
* Valid means: 18 characters, all in the alphabet, places 3 to 8 digits, right check character.
* Division, authority, category and the organisation code inside are not judged: each of them is
  at most a warning.
* Detection goes by form. Where kinds share a form (18 digits, 15 digits), passing as any of them
  is enough; what cannot be verified passes; a form that no kind has does not.
* An empty line holds no valid code; the end of the last line does not start another one.
"""

import argparse
import datetime
import re
import sys

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
VALUE = {character: value for value, character in enumerate(ALPHABET)}
WEIGHTS = [pow(3, place, 31) for place in range(17)]

ASCII_UPPER = {ord(c): c.upper() for c in "abcdefghijklmnopqrstuvwxyz"}
HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def normalize(text):
    """The form in which identifiers are compared and looked up."""
    half = text.strip().translate(HALF_WIDTH).translate(ASCII_UPPER)
    return "".join(c for c in half if not c.isspace() and c != "-")


def check_character(first17):
    """The check character that belongs to 17 characters of the alphabet."""
    total = sum(VALUE[c] * w for c, w in zip(first17, WEIGHTS))
    return ALPHABET[(31 - total % 31) % 31]


def fault(code):
    """What is wrong with a normalised code (length, alphabet, check), or None."""
    if len(code) != 18:
        return "length"
    if any(c not in VALUE for c in code) or not code[2:8].isdigit():
        return "alphabet"
    if check_character(code[:17]) != code[17]:
        return "check"
    return None


# Identifiers: each answers whether a normalised code passes, None where its form does not fit.

def real_date(year, month, day):
    try:
        return datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None


def citizen_identity_number(code):
    if re.fullmatch("[0-9]{15}", code):
        return real_date("19" + code[6:8], code[8:10], code[10:12]) is not None
    if not re.fullmatch("[0-9]{17}[0-9X]", code):
        return None
    born = real_date(code[6:10], code[10:12], code[12:14])
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    check = "10X98765432"[sum(int(c) * w for c, w in zip(code, weights)) % 11]
    return born is not None and born <= datetime.date.today() and check == code[17]


def organization_code(code):
    if not re.fullmatch("[0-9A-Z]{8}[0-9X]", code):
        return None
    total = sum(int(c, 36) * w for c, w in zip(code, [3, 7, 9, 10, 5, 8, 4, 2]))
    reserved = re.fullmatch("PDY[0-9]{5}", code[:8]) and code[3:8] != "00000"
    return not reserved and "0X987654321"[total % 11] == code[8]


def business_registration_number(code):
    if re.fullmatch("[0-9]{13}", code):
        return True                                         # legacy, unverifiable
    if not re.fullmatch("[0-9]{15}", code):
        return None
    product = 10
    for digit in code[:14]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(code[14])


def taxpayer_number(code):
    if re.fullmatch("[0-9]{15}", code):                     # else every 15 digits would pass
        return organization_code(code[6:]) or False
    forms = "[0-9]{6}[0-9A-Z]{9}([0-9]{2})?|[0-9A-Z]{18}[0-9]{2}|[B-MO-XZ][0-9]{17}"
    return True if re.fullmatch(forms, code) else None      # format only


def unified_social_credit_code(code):
    return fault(code) is None if re.fullmatch("[0-9A-Z]{18}", code) else None


KINDS = [unified_social_credit_code, citizen_identity_number, organization_code,
         business_registration_number, taxpayer_number]


def identify(text):
    """(subject, passes) of an identifier as sent; one of unknown form stays as written."""
    code = normalize(text)
    verdicts = [kind(code) for kind in KINDS]
    known = any(verdict is not None for verdict in verdicts)
    return (code if known else text), True in verdicts


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", metavar="FILE")
    arguments = parser.parse_args()
    with open(arguments.file, encoding="utf-8-sig", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if fault(normalize(line)) is not None:
                print(number)
    return 0


if __name__ == "__main__":
    sys.exit(main())
