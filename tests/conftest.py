"""Its being here puts this folder on the import path, for the helpers the tests share."""

import cv2
import pytest


@pytest.fixture(scope="session", autouse=True)
def one_opencv_thread() -> None:
    """Work as a worker process does."""
    cv2.setNumThreads(1)
