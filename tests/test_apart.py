import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from augtool.apart import contains, real_path

ASK = """
import sys
from pathlib import Path
from augtool.errors import UsageError
from augtool.outputs import check_apart
try:
    check_apart(Path(sys.argv[1]), Path(sys.argv[2]))
except UsageError as error:
    print(error)
"""


def test_names_and_links_decide(tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to("in/sub")
    top = real_path(tmp_path / "in")
    assert contains(top, top)
    assert contains(top, real_path(tmp_path / "link" / "new"))
    assert not contains(top, real_path(tmp_path / "in2"))
    assert not contains(real_path(tmp_path / "link"), top)


def table(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text("".join(f"{at} 1 {row} rw - ext4 /dev/x rw\n" for at, row in enumerate(rows, 20)))
    return path


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("/data/in", "/mnt/b/out", True),  # /mnt/b shows /data/in/sub
        ("/data/in", "/mnt/b", True),
        ("/data/in/sub/deep", "/mnt/b/deep/out", True),
        ("/data/in/other", "/mnt/b/out", False),
        ("/mnt/b", "/data/in/sub/out", True),
        ("/mnt/b", "/data/in/out", False),
        ("/data/set", "/srv/disk/x/out", True),  # the disk is mounted inside the set too
        ("/data/set/disk", "/srv/disk/x", True),
        ("/data/in", "/srv/disk/x", False),
        ("/mnt/a b", "/data/spaced", True),
        ("/data/in/su", "/mnt/b", False),
    ],
)
def test_mounts_are_compared_in_their_file_systems(
    tmp_path: Path, outer: str, inner: str, expected: bool
) -> None:
    mounts = table(
        tmp_path,
        "8:1 / /",
        "8:1 /data/in/sub /mnt/b",
        "8:2 / /srv/disk",
        "8:2 / /data/set/disk",
        r"8:1 /data/spaced /mnt/a\040b",
    )
    assert contains(Path(outer), Path(inner), mounts) is expected


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare, to mount in a space of its own")
@pytest.mark.parametrize(("shown", "output"), [("in", "out"), ("in/sub", "new"), ("in/sub", ".")])
def test_a_real_bind_mount_hides_nothing(tmp_path: Path, shown: str, output: str) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    script = f'mount --bind "{tmp_path}/{shown}" "{tmp_path}/b" || exit 77; exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "sh", sys.executable, "-c", ASK,
         str(tmp_path / "in"), str(tmp_path / "b" / output)],
        capture_output=True, text=True, check=False, env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    if done.returncode == 77 or done.stderr.startswith("unshare:"):
        pytest.skip("this system lets no one mount here")
    assert "the output lies inside the input" in done.stdout or "same folder" in done.stdout
