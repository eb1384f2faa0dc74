"""Fuzz yolo labels with atheris: ``pip install atheris; python fuzz/fuzz_labels_yolo.py``."""

import sys

import atheris

with atheris.instrument_imports():
    import targets

if __name__ == "__main__":
    atheris.Setup(sys.argv, lambda data: targets.labels("yolo", data))
    atheris.Fuzz()
