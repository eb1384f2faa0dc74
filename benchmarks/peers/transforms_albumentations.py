"""CPU seconds for one application of each of Albumentations' transforms: JSON on stdout.

transforms_albumentations.py PICTURE.npy REPEATS
"""

import json
import os
import sys
import time

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as A
import cv2
import numpy as np

# Our name -> theirs, at the same strength.
SAME = {
    "horizontal_flip": lambda: A.HorizontalFlip(p=1),
    "vertical_flip": lambda: A.VerticalFlip(p=1),
    "transpose": lambda: A.Transpose(p=1),
    "rotate": lambda: A.Rotate((10, 15), border_mode=cv2.BORDER_REFLECT_101, p=1),
    "shift": lambda: A.Affine(translate_percent=(0.02, 0.05), border_mode=cv2.BORDER_REFLECT_101, p=1),
    "zoom": lambda: A.Affine(scale=(0.9, 0.95), border_mode=cv2.BORDER_REFLECT_101, p=1),
    "affine": lambda: A.Affine(
        rotate=(5, 10), scale=(0.9, 1.1), shear=(-8, 8), border_mode=cv2.BORDER_REFLECT_101, p=1
    ),
    "perspective": lambda: A.Perspective(p=1),
    "random_resized_crop": lambda: A.RandomResizedCrop((224, 224), scale=(0.5, 1), p=1),
    "resize": lambda: A.Resize(224, 224, p=1),
    "brightness": lambda: A.RandomBrightnessContrast((0.1, 0.15), (0, 0), p=1),
    "contrast": lambda: A.RandomBrightnessContrast((0, 0), (0.1, 0.15), p=1),
    "gamma": lambda: A.RandomGamma((110, 125), p=1),
    "hue": lambda: A.HueSaturationValue((2, 4), 0, 0, p=1),
    "saturation": lambda: A.HueSaturationValue(0, (10, 15), 0, p=1),
    "color_jitter": lambda: A.ColorJitter((0.9, 1.1), (0.9, 1.1), (0.9, 1.1), (-0.02, 0.02), p=1),
    "rgb_shift": lambda: A.RGBShift(10, 10, 10, p=1),
    "channel_shuffle": lambda: A.ChannelShuffle(p=1),
    "channel_dropout": lambda: A.ChannelDropout(p=1),
    "grayscale": lambda: A.ToGray(p=1),
    "sepia": lambda: A.ToSepia(p=1),
    "pca_color": lambda: A.FancyPCA(p=1),
    "invert": lambda: A.InvertImg(p=1),
    "solarize": lambda: A.Solarize(p=1),
    "posterize": lambda: A.Posterize(p=1),
    "equalize": lambda: A.Equalize(p=1),
    "clahe": lambda: A.CLAHE(p=1),
    "auto_contrast": lambda: A.AutoContrast(p=1),
    "gaussian_noise": lambda: A.GaussNoise((0.02, 0.03), p=1),
    "shot_noise": lambda: A.ShotNoise(p=1),
    "iso_noise": lambda: A.ISONoise(p=1),
    "speckle_noise": lambda: A.MultiplicativeNoise((0.95, 1.05), per_channel=True, elementwise=True, p=1),
    "salt_pepper": lambda: A.SaltAndPepper((0.005, 0.01), p=1),
    "jpeg_compression": lambda: A.ImageCompression("jpeg", (40, 80), p=1),
    "webp_compression": lambda: A.ImageCompression("webp", (40, 80), p=1),
    "downscale": lambda: A.Downscale((0.4, 0.7), p=1),
    "gaussian_blur": lambda: A.GaussianBlur(blur_limit=0, sigma_limit=(0.8, 1.2), p=1),
    "box_blur": lambda: A.Blur(3, p=1),
    "median_blur": lambda: A.MedianBlur(3, p=1),
    "motion_blur": lambda: A.MotionBlur((3, 7), p=1),
    "defocus": lambda: A.Defocus((2, 3), p=1),
    "zoom_blur": lambda: A.ZoomBlur((1.02, 1.05), p=1),
    "glass_blur": lambda: A.GlassBlur(0.7, 1, 1, p=1),
    "sharpen": lambda: A.Sharpen(p=1),
    "unsharp_mask": lambda: A.UnsharpMask(p=1),
    "emboss": lambda: A.Emboss(p=1),
    "cutout": lambda: A.CoarseDropout(p=1),
    "grid_mask": lambda: A.GridDropout(p=1),
    "pixel_dropout": lambda: A.PixelDropout(p=1),
    "rain": lambda: A.RandomRain(p=1),
    "snow": lambda: A.RandomSnow(p=1),
    "fog": lambda: A.RandomFog(p=1),
    "sun_flare": lambda: A.RandomSunFlare(p=1),
    "shadow": lambda: A.RandomShadow(p=1),
    "spatter": lambda: A.Spatter(p=1),
    "chromatic_aberration": lambda: A.ChromaticAberration(p=1),
}


def main():
    """Time each transform."""
    cv2.setNumThreads(1)
    picture, repeats = np.load(sys.argv[1]), int(sys.argv[2])
    seconds = {}
    for name, make in SAME.items():
        transform = A.Compose([make()], seed=1)
        transform(image=picture)
        times = []
        for _ in range(repeats):
            started = time.process_time()
            transform(image=picture)
            times.append(time.process_time() - started)
        seconds[name] = sorted(times)[len(times) // 2]
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
