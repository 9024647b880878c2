"""The app's pages, in Streamlit.

``frame`` draws the parts around every page. ``dataset``, ``train``, ``compare`` and ``classify``
are rooms of one page each and never import each other. They share ``runs`` (runs on a page) and
``shared`` (everything else), which imports neither ``runs`` nor a page's room.
"""
