import pytest

from augtool import github, terminal


@pytest.fixture(autouse=True)
def workflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setattr(github, "_printed", 0)


def test_an_annotation_names_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    github.annotate("error", "what\nnow: 100%", "a,b:c.yaml", 3, 7)
    assert capsys.readouterr().err == "::error file=a%2Cb%3Ac.yaml,line=3,col=7::what%0Anow: 100%25\n"


def test_nothing_is_printed_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS")
    github.annotate("error", "x", "f")
    assert capsys.readouterr().err == ""


def test_a_name_cannot_be_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.result("::error::owned\n  ::set-output name=x::y\nfine ##[error]z")
    github.annotate("warning", "::stop-commands::x", "::add-mask::\n::error::y")
    said = capsys.readouterr()
    assert "\n" not in said.err.rstrip("\n")
    assert said.err.startswith("::warning file=%3A%3Aadd-mask")
    for line in said.out.splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def test_annotations_are_not_endless(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(github.MOST + 20):
        github.annotate("warning", "x", "f")
    assert capsys.readouterr().err.count("\n") == github.MOST
