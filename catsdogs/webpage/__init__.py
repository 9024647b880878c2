"""A run's model as one web page that works without a network.

page.py  the page: the model, its references, its card and the JavaScript in one HTML file

``source/`` holds the JavaScript, the style and the template; ``built/`` what ``make web`` makes of
the JavaScript, with the WebAssembly of LiteRT.js.
"""
