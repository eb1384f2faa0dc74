"""render: frozen steps become as few passes as possible, and the passes are right at both depths."""

from typing import Any

import numpy as np
import oracles
import pytest
from oracles import frozen, run, step

from augtool import matrix as mx
from augtool.effects import ColorMatrix, Filter, Lut, Stage, Warp
from augtool.render import frame_of, render, stages
from augtool.sample import Frame
from augtool.warp import Outside, Source


def shown(steps: list[Any], size: tuple[int, int] = (60, 40)) -> list[Stage]:
    return stages(frozen(*steps), Frame(size))


def test_the_frame_says_what_the_picture_is() -> None:
    frame = frame_of(Source(oracles.noise("bgra8", (23, 17))))
    assert (frame.size, frame.channels, frame.bits, frame.center) == ((23, 17), 4, 8, (11.5, 8.5))
    frame = frame_of(Source(oracles.noise("grey16")))
    assert (frame.channels, frame.bits) == (1, 16)
    assert 0.4 < frame.mean < 0.6


def test_geometry_is_one_pass_however_many_steps() -> None:
    (stage,) = shown(
        [step("rotate"), step("shift"), step("horizontal_flip"), step("random_resized_crop", size=9)]
    )
    assert stage.steps == ("rotate", "shift", "horizontal_flip", "random_resized_crop")
    assert isinstance(stage.effect, Warp) and stage.effect.size == (9, 9)


def test_each_step_sees_the_frame_the_ones_before_leave() -> None:
    (stage,) = shown([step("resize", size=[30, 10]), step("horizontal_flip")])
    assert isinstance(stage.effect, Warp)
    # The left edge of the source ends at the right edge of the small picture.
    assert mx.apply(stage.effect.matrix, np.array([[0.0, 40.0]]))[0] == pytest.approx([30, 10])


def test_what_does_not_commute_stays_in_order() -> None:
    steps = [
        step("brightness"),
        step("gamma"),
        step("hue"),
        step("saturation"),
        step("rotate"),
        step("contrast"),
    ]
    assert [stage.steps for stage in shown(steps)] == [
        ("brightness", "gamma"), ("hue", "saturation"), ("rotate",), ("contrast",)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("now", "wanted", "result"),
    [
        ((60, 40), None, (60, 40)),
        ((60, 40), (30,), (30, 20)),
        ((40, 60), (30,), (20, 30)),
        ((60, 40), (100,), (60, 40)),
        ((1000, 2), (10,), (10, 1)),
        ((60, 40), (100, 7), (100, 7)),
    ],
)
def test_the_output_size(
    now: tuple[int, int], wanted: tuple[int, ...] | None, result: tuple[int, int]
) -> None:
    pixels = oracles.noise("bgr8", now)
    made = render(Source(pixels), (), Outside(), wanted)
    assert (made.shape[1], made.shape[0]) == result
    assert (wanted is not None) or made is pixels


def test_the_output_size_is_part_of_the_one_warp() -> None:
    (stage,) = stages(frozen(step("rotate")), Frame((60, 40)), (30,))
    assert stage.steps == ("rotate", "output.size")


@pytest.mark.parametrize("layout", ["bgr8", "bgra8", "grey8", "bgr16", "grey16"])
def test_there_and_back_is_the_source_byte_for_byte(layout: str) -> None:
    pixels = oracles.noise(layout)
    assert np.array_equal(run(pixels, step("rotate", angle=30), step("rotate", angle=-30)), pixels)
    assert np.array_equal(run(pixels, step("shift", x=0.3, y=0.1), step("shift", x=-0.3, y=-0.1)), pixels)
    assert np.array_equal(run(pixels, step("zoom", factor=3), step("zoom", factor=1 / 3)), pixels)


def test_a_warp_after_another_pass_reads_that_pass() -> None:
    pixels = oracles.noise("bgr8")
    result = run(pixels, step("brightness", factor=0.5), step("horizontal_flip"))
    assert np.array_equal(result, run(pixels, step("brightness", factor=0.5))[:, ::-1])


CURVES = {
    "brightness": {"factor": 1.3},
    "gamma": {"gamma": 0.7},
    "contrast": {"factor": 0.8, "pivot": "middle"},
}


def reference(values: Any) -> Any:
    values = np.clip(values * 1.3, 0, 1) ** 0.7
    return np.clip(0.5 + (values - 0.5) * 0.8, 0, 1)


@pytest.mark.parametrize("layout", oracles.LAYOUTS)
def test_a_chain_of_curves_is_rounded_once(layout: str) -> None:
    pixels = oracles.noise(layout, (64, 48))
    full = np.iinfo(pixels.dtype).max
    result = run(pixels, *(step(name, **values) for name, values in CURVES.items()))
    expected = reference(pixels / full) * full
    if layout == "bgra8":
        result, expected = result[:, :, :3], expected[:, :, :3]
    assert np.abs(result - expected).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_chain_of_rising_curves_rises(dtype: Any) -> None:
    full = np.iinfo(dtype).max
    every = np.arange(full + 1, dtype=dtype).reshape(16, -1)
    result = run(every, *(step(name, **values) for name, values in CURVES.items())).ravel()
    assert (np.diff(result.astype(int)) >= 0).all()


def applied(effect: Any, pixels: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Render one effect, whatever transform might make it."""
    monkeypatch.setattr("augtool.render.stages", lambda *_: [Stage(effect, ("made up",))])
    return render(Source(pixels), (), Outside())


@pytest.mark.parametrize("layout", oracles.LAYOUTS)
def test_one_curve_for_each_colour(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = oracles.noise(layout, (64, 48))
    gains = np.array([0.2, 0.5, 0.9])  # blue, green, red
    result = applied(Lut((lambda value: value * gains,)), pixels, monkeypatch)
    assert result.dtype == pixels.dtype and result.shape == pixels.shape
    if pixels.ndim == 2:  # a grey picture takes the mean of the three
        assert np.abs(result - pixels * gains.mean()).max() <= 1
    else:
        assert np.abs(result[:, :, :3] - pixels[:, :, :3] * gains).max() <= 0.5 + 1e-6
        assert np.array_equal(result[:, :, 3:], pixels[:, :, 3:])


@pytest.mark.parametrize("layout", oracles.LAYOUTS)
def test_a_colour_matrix_is_what_floats_give(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = oracles.noise(layout, (64, 48))
    full = np.iinfo(pixels.dtype).max
    effect = ColorMatrix(
        np.array([[0.7, 0.5, -0.1], [-0.3, 1.2, 0.1], [0.2, 0.2, 0.9]]), np.array([0.1, -0.2, 0])
    )
    result = applied(effect, pixels, monkeypatch)
    if pixels.ndim == 2:
        assert np.array_equal(result, pixels)
        return
    expected = np.clip(pixels[:, :, :3] @ effect.matrix.T + effect.offset * full, 0, full)
    assert np.abs(result[:, :, :3] - expected).max() <= 1  # OpenCV counts in 10 bits
    assert np.array_equal(result[:, :, 3:], pixels[:, :, 3:])


def test_a_filter_never_sees_transparency(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = oracles.noise("bgra8")
    seen = []

    def darken(colors: Any) -> Any:
        seen.append(colors.shape)
        return colors // 2

    result = applied(Filter(darken), pixels, monkeypatch)
    assert seen == [(17, 23, 3)]
    assert np.array_equal(result[:, :, :3], pixels[:, :, :3] // 2)
    assert np.array_equal(result[:, :, 3], pixels[:, :, 3])
