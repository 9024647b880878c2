"""Parts for several pages: caches, errors, pages of lists, photo grid, uploads, closed tabs."""
