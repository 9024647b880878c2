"""A run's model in a browser: as one web page that works without a network, and the live camera.

page.py      the page: the model, its references, its card and the JavaScript in one HTML file
settings.py  the numbers of a run that the JavaScript needs

``source/`` holds the JavaScript, the style and the template; ``built/`` what ``make web`` makes of
the JavaScript, with the WebAssembly of LiteRT.js.
"""
