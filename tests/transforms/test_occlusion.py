"""occlusion: how much is covered, where, and by what. That nothing else changes is a contract test."""

from typing import Any

import numpy as np
import oracles
import pytest
from oracles import frozen, run, step

from augtool.effects import Filter
from augtool.render import frame_of, stages
from augtool.warp import Source

SIZE = (400, 300)


def mask(name: str, size: tuple[int, int] = SIZE, **values: Any) -> Any:
    (stage,) = stages(
        frozen(step(name, **values)), frame_of(Source(np.zeros((size[1], size[0], 3), np.uint8)))
    )
    assert isinstance(stage.effect, Filter) and stage.effect.covers is not None
    return stage.effect.covers(size) > 0


def test_cutout_covers_rectangles_of_the_asked_size() -> None:
    covered = mask("cutout", holes=1, width=0.2, height=0.1, seed=4)
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    assert covered[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert len(columns) <= 81 and len(rows) <= 31
    sizes = [mask("cutout", holes=1, width=0.2, height=0.1, seed=seed).sum() for seed in range(60)]
    assert np.median(sizes) == pytest.approx(0.02 * 400 * 300, rel=0.03)
    more = [mask("cutout", holes=30, width=0.1, height=0.1, seed=seed).mean() for seed in range(5)]
    assert all(0.12 < share < 0.3 for share in more)


@pytest.mark.parametrize("place", [(0, 0), (1, 1), (0.3, 0.9)])
def test_random_erasing_lies_wholly_inside_and_has_its_area(place: tuple[float, float]) -> None:
    covered = mask("random_erasing", area=0.06, aspect=2, x=place[0], y=place[1])
    assert covered.sum() == pytest.approx(0.06 * 400 * 300, rel=0.03)
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    assert len(columns) / len(rows) == pytest.approx(2, rel=0.05)
    assert columns[0] == pytest.approx(place[0] * (400 - len(columns)), abs=1)
    assert rows[0] == pytest.approx(place[1] * (300 - len(rows)), abs=1)


@pytest.mark.parametrize("hole", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("angle", [0, 33])
def test_grid_mask_covers_the_square_of_its_hole(hole: float, angle: float) -> None:
    assert mask("grid_mask", cell=0.1, hole=hole, angle=angle).mean() == pytest.approx(hole**2, rel=0.06)


def test_stripes_are_as_wide_as_asked_and_turn_counter_clockwise() -> None:
    level = mask("stripes", spacing=0.1, width=0.3, angle=0)
    assert (level.all(axis=1) | ~level.any(axis=1)).all()
    assert level.mean() == pytest.approx(0.3, abs=0.02)
    upright = mask("stripes", spacing=0.1, width=0.3, angle=90)
    assert (upright.all(axis=0) | ~upright.any(axis=0)).all()
    rising = mask("stripes", spacing=0.1, width=0.3, angle=45)
    assert np.array_equal(rising[50:250, 50:350], rising[49:249, 51:351])


@pytest.mark.parametrize("amount", [0.01, 0.3, 1])
def test_pixel_dropout_loses_its_share(amount: float) -> None:
    covered = mask("pixel_dropout", amount=amount)
    assert covered.mean() == pytest.approx(amount, rel=0.1)


@pytest.mark.parametrize("layout", oracles.LAYOUTS)
def test_what_is_put_there(layout: str) -> None:
    pixels = oracles.noise(layout, (60, 40))
    full = np.iinfo(pixels.dtype).max
    color = np.s_[:, :, :3] if pixels.ndim == 3 else np.s_[:]
    everything = {"area": 1, "aspect": 60 / 40}
    for fill, level in (("black", 0), ("gray", full / 2), ("white", full)):
        result = run(pixels, step("random_erasing", fill=fill, **everything))[color]
        assert np.abs(result - level).max() <= 0.5
    mean = run(pixels, step("random_erasing", fill="mean", **everything))[color]
    flat = pixels[color].reshape(2400, -1)
    assert np.abs(mean.reshape(2400, -1) - flat.mean(axis=0)).max() <= 0.51
    noise = run(pixels, step("random_erasing", fill="noise", **everything))[color].astype(float)
    assert noise.mean() == pytest.approx(full / 2, rel=0.05)
    assert noise.std() == pytest.approx(full / np.sqrt(12), rel=0.05)


def test_an_occlusion_follows_the_crop_before_it() -> None:
    crop = step("random_crop", width=0.5, height=0.5, x=0, y=0)
    pixels = oracles.noise("bgr8", (80, 60))
    steps = frozen(crop, step("random_erasing", area=0.25, aspect=4 / 3, x=1, y=1, fill="black"))
    planned = stages(steps, frame_of(Source(pixels)))
    assert isinstance(planned[1].effect, Filter)
    result = run(pixels, crop, step("random_erasing", area=0.25, aspect=4 / 3, x=1, y=1, fill="black"))
    assert not result[15:, 20:].any() and np.array_equal(result[:15], pixels[:15, :40])
