"""Cameras as lifecycles, the video relay, and plate reading."""

import os

from streams.limits import PICTURE_PIXELS

# A second wall behind the headers that `streams.plates.picture` judges: OpenCV itself decodes none that is larger. It
# asks once, as it is loaded; this comes before whatever of this package loads it, and is passed on to plate readers.
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(PICTURE_PIXELS)
