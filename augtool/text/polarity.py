"""The guard against synonyms that turn praise into blame.

Synonyms share a sense, not its colour: "childlike" and "childish", "thrifty" and "stingy". The signs are
those ``scripts/build_lexicon.py`` spreads from seeds; forms take the sign of their lemma.
"""

from __future__ import annotations

from augtool.text.lexicon import Lexicon


def sign_of(lexicon: Lexicon, *words: str) -> int:
    """Return the sign of the first of several spellings of a word that has one."""
    return next((sign for word in words if (sign := lexicon.sign(word))), 0)


def flips(lexicon: Lexicon, old: str, lemma: str, new: str) -> bool:
    """Return whether replacing ``old`` (a form of ``lemma``) by ``new`` turns an opinion round."""
    return sign_of(lexicon, old, lemma) * sign_of(lexicon, new) < 0
