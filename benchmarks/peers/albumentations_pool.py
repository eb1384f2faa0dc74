"""What a careful person writes by hand on Albumentations 2: a process pool, each source read once.

    albumentations_pool.py RECIPE INPUT OUTPUT WORKERS        RECIPE: full_size, to_224

Runs in its own virtual environment (requirements-albumentations.txt).
"""

import os
import sys
import zlib
from multiprocessing import get_context

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as A
import cv2
import numpy as np

VARIANTS = 5
STEPS = {
    "full_size": lambda: [
        A.HorizontalFlip(p=0.5),
        A.Affine(
            rotate=(-30, 30),
            translate_percent=(-0.2, 0.2),
            scale=(0.8, 1.2),
            border_mode=cv2.BORDER_REPLICATE,
            p=1,
        ),
    ],
    "to_224": lambda: [
        A.HorizontalFlip(p=0.5),
        A.Rotate(15, border_mode=cv2.BORDER_REFLECT_101, p=1),
        A.RandomResizedCrop((224, 224), scale=(0.5, 1), ratio=(0.75, 1.333), p=1),
        A.RandomBrightnessContrast(0.2, 0.2, p=1),
        A.HueSaturationValue(10, 20, 0, p=1),
        A.GaussNoise(std_range=(0.02, 0.05), p=0.5),
        A.GaussianBlur(blur_limit=0, sigma_limit=(0.5, 1.5), p=0.3),
    ],
}
pipeline = None


def start(recipe):
    """Prepare a worker."""
    global pipeline
    cv2.setNumThreads(1)
    pipeline = A.Compose(STEPS[recipe]())


def make(job):
    """Make all variants of one picture."""
    path, target = job
    with open(path, "rb") as file:
        picture = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_COLOR)
    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    pipeline.set_random_seed(zlib.crc32(os.path.basename(path).encode()))
    stem = os.path.splitext(target)[0]
    for variant in range(VARIANTS):
        result = cv2.cvtColor(pipeline(image=picture)["image"], cv2.COLOR_RGB2BGR)
        data = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
        with open(f"{stem}__{variant}.jpg", "wb") as file:
            file.write(data)


def main():
    """Walk the input and share it among the workers."""
    recipe, source, output, workers = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    jobs = []
    for folder, _, files in os.walk(source):
        place = os.path.join(output, os.path.relpath(folder, source))
        os.makedirs(place, exist_ok=True)
        jobs += [(os.path.join(folder, name), os.path.join(place, name)) for name in files]
    with get_context("fork").Pool(workers, start, (recipe,)) as pool:
        for _ in pool.imap_unordered(make, jobs, 4):
            pass
        pool.close()
        pool.join()


if __name__ == "__main__":
    main()
