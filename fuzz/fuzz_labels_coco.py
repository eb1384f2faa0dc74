"""Fuzz coco labels with atheris: ``pip install atheris; python fuzz/fuzz_labels_coco.py``."""

import sys

import atheris

with atheris.instrument_imports():
    import targets

if __name__ == "__main__":
    atheris.Setup(sys.argv, lambda data: targets.labels("coco", data))
    atheris.Fuzz()
