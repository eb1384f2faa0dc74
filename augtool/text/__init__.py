"""Text: tokens, lexicon, grammar, edits and variants. The transforms are in ``augtool.transforms.text``."""
