"""stems: whatever sources and folders are called, no two files of the output meet."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from augtool.filenames import fold, safe_name
from augtool.formats.stems import folder_names, output_stems
from augtool.sample import Item
from augtool.unit import variant_name

PARTS = st.sampled_from(
    ["a", "A", "\u00e9", "e\u0301", "\u00df", "ss", "__aug1", "__aug2", "_png", "_jpg", "\udcff", "_xff"]
)
NAMES = st.builds(
    lambda parts, suffix: "".join(parts) + suffix,
    st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from([".jpg", ".png", ".JPG", ".gif", ""]),
)


@settings(max_examples=400, deadline=None)
@given(st.sets(NAMES, min_size=1, max_size=6), st.sets(NAMES, max_size=3))
def test_no_two_outputs_of_a_folder_meet_on_any_file_system(names: set[str], beside: set[str]) -> None:
    sources, folders = sorted(names), sorted(beside - names)
    stems = output_stems(sources, folders)
    assert output_stems(sources[::-1], folders[::-1]) == stems[::-1]
    for fmt in ("jpeg", "png"):
        made = list(folder_names(folders).values())
        for name, stem in zip(sources, stems, strict=True):
            item = Item(name, "", stem, safe_name(Path(name).suffix))
            copy = f"{stem}_gif.png" if item.suffix == ".gif" else None  # written as PNG, if it is turned
            made += [stem + item.suffix, *(variant_name(item, number, fmt) for number in (1, 2))]
            made += [copy] if copy else []
        assert len({fold(name) for name in made}) == len(made), sorted(made)
