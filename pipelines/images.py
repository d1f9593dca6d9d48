"""Files <-> arrays with dtype, colours and metadata kept: the way in to `pipelines.image_files`.

    picture = read_picture("photo.jpg")
    check_writable("restored.jpg", picture)           # before the expensive part
    pixels = restore(picture.pixels)                  # same shape and dtype
    write_picture("restored.jpg", pixels, like=picture)
"""

from pipelines.image_files.atomic import check_folder, replacing
from pipelines.image_files.formats import SUFFIXES
from pipelines.image_files.masks import read_mask, write_mask
from pipelines.image_files.paths import counterpart, list_images, make_folder, mirrored_name, output_paths
from pipelines.image_files.picture import Picture
from pipelines.image_files.reading import read_picture
from pipelines.image_files.sketches import read_sketch
from pipelines.image_files.writing import check_writable, write_picture

__all__ = ["SUFFIXES", "Picture", "check_folder", "check_writable", "counterpart", "list_images", "make_folder",
           "mirrored_name", "output_paths", "read_mask", "read_picture", "read_sketch", "replacing", "write_mask",
           "write_picture"]
