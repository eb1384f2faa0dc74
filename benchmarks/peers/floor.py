"""The work that must be done, in plain OpenCV: decode once; N x (one linear warp, one table, encode, write).

    floor.py RECIPE INPUT OUTPUT WORKERS        RECIPE: full_size, to_224, tiny

No labels, no names that cannot collide, no checks, no durability, no record of what was done: what remains
is what no tool can leave out. It stands alone, so that it costs only what it does.
"""

import os
import random
import sys
from multiprocessing import get_context

import cv2
import numpy as np

VARIANTS = 5


def matrix(rng, width, height, recipe):
    """Return a random affine matrix and an output size."""
    angle = rng.uniform(-30, 30) if recipe == "full_size" else rng.uniform(-15, 15)
    factor = (
        rng.uniform(0.8, 1.2) if recipe == "full_size" else 224 / (min(width, height) * rng.uniform(0.7, 1))
    )
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle, factor), [0, 0, 1]])
    flip = np.array([[-1, 0, width], [0, 1, 0], [0, 0, 1]] if rng.random() < 0.5 else np.eye(3))
    size = (width, height) if recipe == "full_size" else (224, 224)
    move = np.eye(3)
    if recipe == "full_size":
        move[:2, 2] = rng.uniform(-0.2, 0.2) * width, rng.uniform(-0.2, 0.2) * height
    else:
        move[:2, 2] = (224 - width) / 2, (224 - height) / 2
    return (move @ turn @ flip)[:2], size


def make(job):
    """Make all variants of one picture."""
    path, target, recipe = job
    rng = random.Random(path)
    with open(path, "rb") as file:
        picture = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    stem, suffix = os.path.splitext(target)
    for variant in range(VARIANTS):
        if recipe == "tiny":
            result = cv2.flip(picture, 1) if rng.random() < 0.5 else picture
        else:
            warp, size = matrix(rng, picture.shape[1], picture.shape[0], recipe)
            border = cv2.BORDER_REPLICATE if recipe == "full_size" else cv2.BORDER_REFLECT_101
            result = cv2.warpAffine(picture, warp, size, flags=cv2.INTER_LINEAR, borderMode=border)
            table = np.clip(np.arange(256) * rng.uniform(0.8, 1.2), 0, 255).astype(np.uint8)
            result = cv2.LUT(result, table)
        data = cv2.imencode(suffix, result, [cv2.IMWRITE_JPEG_QUALITY, 95] if suffix == ".jpg" else [])[1]
        with open(f"{stem}__{variant}{suffix}", "wb") as file:
            file.write(data)


def main():
    """Walk the input and share it among the workers."""
    recipe, source, output, workers = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    jobs = []
    for folder, _, files in os.walk(source):
        place = os.path.join(output, os.path.relpath(folder, source))
        os.makedirs(place, exist_ok=True)
        jobs += [(os.path.join(folder, name), os.path.join(place, name), recipe) for name in files]
    if workers:
        with get_context("spawn").Pool(workers, cv2.setNumThreads, (1,)) as pool:
            for _ in pool.imap_unordered(make, jobs, 64 if recipe == "tiny" else 4):
                pass
            pool.close()
            pool.join()
    else:
        cv2.setNumThreads(1)
        for job in jobs:
            make(job)


if __name__ == "__main__":
    main()
