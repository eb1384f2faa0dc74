"""Short word lists of English, written for this project: function words, negators, articles, keyboard."""

from __future__ import annotations

import re


def listed(words: str) -> frozenset[str]:
    """Return the words of a text that lists them, separated by spaces."""
    return frozenset(words.split())


# Function words and what they are to the tagger. A word stands in one class: the one that tells most.
_CLASSES = {
    "det": "the a an this that these those my your his her its our their each every some any another "
    "which what whose both all several many most such",
    "subject": "i you we they he she it who u",
    "object": "me him us them myself yourself himself herself itself ourselves themselves mine yours ours "
    "theirs someone somebody anyone anybody everyone everybody something anything everything one ones whom",
    "modal": "can could will would shall should may might must ought let lets wanna gonna please",
    "to": "to",
    "be": "am is are was were be been being im its theres",
    "have": "have has had having ive",
    "do": "do does did doing done",
    "prep": "of in on at by for with from into onto over under about after before between through during "
    "without within against toward towards upon across behind below beneath beside besides beyond despite "
    "except inside like near off out outside past per since than till until up upto via down along among "
    "around as above",
    "conj": "and or but if because while although though unless whether where when why how once whereas so "
    "yet however therefore thus hence",
    "adverb": "just also too only still already again very really quite rather even ever almost always "
    "often sometimes maybe perhaps then there here now soon later today tomorrow yesterday ago away back "
    "else instead together otherwise anyway ok okay yes yeah well much more less least enough same other own "
    "first second third last next few little lot lots bit as far long hi hello hey thanks thank sorry",
    "number": "zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty "
    "hundred thousand million billion half dozen",
    "light": "make makes made making get gets got getting gotten go goes went gone going come comes came "
    "coming take takes took taken taking give gives gave given giving put puts putting set sets setting "
    "keep keeps kept keeping say says said saying see sees saw seen seeing know knows knew known knowing "
    "think thinks thought thinking use used tell tells told telling",
    "noun": "thing things way ways time times man men woman women person people kind sort day days",
}
CLASS: dict[str, str] = {}
for _name, _words in _CLASSES.items():
    for _word in _words.split():
        CLASS.setdefault(_word, _name)

STOP = frozenset(CLASS)
"""Words no synonym replaces: they carry the grammar of the sentence, not its content."""

NEGATORS = listed(
    "not no never none nobody nothing neither nor nowhere cannot without hardly barely scarcely rarely "
    "seldom nope nah lack lacks lacking dont doesnt didnt cant couldnt wont wouldnt isnt arent wasnt "
    "werent hasnt havent hadnt shouldnt mustnt neednt aint non"
)
"""Words that turn a statement round; no transform touches them."""

ARTICLES = frozenset(("a", "an"))

ABBREVIATIONS = listed(
    "mr mrs ms dr prof sr jr st vs etc eg ie no inc ltd co corp dept approx est fig vol jan feb mar apr "
    "jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun"
)

UNCOUNTED = listed(
    "information advice assistance aid help money cash news evidence furniture equipment software "
    "hardware luggage research progress knowledge employment usage utilization transportation traffic "
    "music staff pay salary remuneration permission confirmation attention access gratitude"
)
"""Nouns without a plural in common use: no plural is replaced by one of them."""

# Keys beside each other on the three letter rows of a QWERTY keyboard.
NEIGHBOURS = {
    "q": "wa", "w": "qesa", "e": "wrds", "r": "etfd", "t": "rygf", "y": "tuhg", "u": "yijh", "i": "uokj",
    "o": "iplk", "p": "ol", "a": "qwsz", "s": "awedxz", "d": "serfcx", "f": "drtgvc", "g": "ftyhbv",
    "h": "gyujnb", "j": "huiknm", "k": "jiolm", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv",
    "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip

# Where spelling does not tell whether a word begins with a vowel sound.
_CONSONANT_SOUND = re.compile(
    r"(?:uni(?![mn])|unin?i[aeo]|unanim|u[bcfhjkrst][aeiou]|ut[aeio]|eu|ew|on(?:e|ce)(?![a-z]*ous)|oui|uk|use|usu)"
)
_VOWEL_SOUND = re.compile(r"(?:hours?(?:ly)?$|hono|hones|heir|herb)")
_UNDER = re.compile(
    r"(?:un(?:im|in)(?!o)|uni(?:dent|nt|nf|nh|ns)|ur(?:n|g)|us(?:h|e?her)|ut(?:ter|most)|ub[^i])"
)
_SPELLED_VOWELS = frozenset("AEFHILMNORSX")


def negates(word: str) -> bool:
    """Return whether a lower-case word turns a statement round (``don't``, ``never``)."""
    return word in NEGATORS or word.endswith(("n't", "n’t"))


def article_for(word: str) -> str:
    """Return ``a`` or ``an``, by the sound ``word`` begins with; capitals alone are spelled out."""
    if len(word) > 1 and word.isupper() and word.isalpha() and not _pronounced(word):
        return "an" if word[0] in _SPELLED_VOWELS else "a"
    lower = word.lower()
    if lower[:1].isdigit():
        return "an" if re.match(r"8|1[18](?!\d)", lower) else "a"
    if _VOWEL_SOUND.match(lower):
        return "an"
    if lower[:1] in "aeio" and not _CONSONANT_SOUND.match(lower):
        return "an"
    if lower[:1] == "u" and (_UNDER.match(lower) or not _CONSONANT_SOUND.match(lower)):
        return "an"
    return "a"


def _pronounced(word: str) -> bool:
    # NASA, UNESCO and shouted words are read as words: letters alternate as in speech.
    return len(word) > 3 and bool(re.search(r"[AEIOU]", word[1:]))
