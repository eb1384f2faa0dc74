"""Fuzz recipes with atheris: ``pip install atheris; python fuzz/fuzz_recipe.py``."""

import sys

import atheris

with atheris.instrument_imports():
    import targets

if __name__ == "__main__":
    atheris.Setup(sys.argv, targets.recipe)
    atheris.Fuzz()
