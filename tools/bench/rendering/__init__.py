"""The same order sheet by us, by plain Pillow, by Ghostscript and by libtiff's encoder alone."""
