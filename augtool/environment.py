"""What the program needs from its surroundings, and what to say where it is missing."""

from __future__ import annotations

# The system libraries that the opencv-python wheel links against, by Debian package.
_DEBIAN = {"libGL.so": "libgl1", "libxcb": "libxcb1", "libgthread": "libglib2.0-0", "libglib": "libglib2.0-0"}


def import_advice(error: ImportError) -> str:
    """Say in one line what is missing for an import and how to get it."""
    text = str(error)
    if any(library in text for library in _DEBIAN) or (error.name or "").startswith("cv2"):
        packages = " ".join(dict.fromkeys(_DEBIAN.values()))
        return (
            f"OpenCV cannot be loaded ({text}). On Debian or Ubuntu: apt-get install {packages}. "
            "Or use the wheel that needs none of them: pip uninstall -y opencv-python; "
            "pip install --force-reinstall opencv-python-headless"
        )
    return f"a library is missing or damaged ({text}); try: pip install --force-reinstall augtool"
