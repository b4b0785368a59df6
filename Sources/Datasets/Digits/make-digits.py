"""Packs the UCI test part of the optical digits into DigitsData.swift.

Input: digits.csv.gz, one row per image: 64 pixels (0...16), then the digit. It is the file that
scikit-learn carries as sklearn/datasets/data/digits.csv.gz:

    pip download scikit-learn --no-deps
    unzip scikit_learn-*.whl sklearn/datasets/data/digits.csv.gz
    python3 make-digits.py sklearn/datasets/data/digits.csv.gz > DigitsData.swift

Output: the pixels of all images row by row, one byte each, then the digits, one byte each;
compressed by zlib and written in base64.
"""

import base64
import gzip
import sys
import zlib

with gzip.open(sys.argv[1], "rt") as file:
    rows = [[int(float(number)) for number in line.split(",")] for line in file]
assert len(rows) == 1797 and all(len(row) == 65 for row in rows)
assert all(0 <= pixel <= 16 for row in rows for pixel in row[:64])
content = bytes(pixel for row in rows for pixel in row[:64]) + bytes(row[64] for row in rows)
text = base64.b64encode(zlib.compress(content, 9)).decode()

print("// Serves run: the optical digits, packed by make-digits.py. Licence and origin: NOTICE.md.")
print()
print("extension Digits {")
print("  /// Base64 of a zlib stream: 1,797 × 64 pixels (0…16), then 1,797 digits (0…9), one byte each.")
print('  static let packed: StaticString = """')
lines = [text[start : start + 100] for start in range(0, len(text), 100)]
print("\n".join("    " + line + ("" if line is lines[-1] else "\\") for line in lines))
print('    """')
print("}")
