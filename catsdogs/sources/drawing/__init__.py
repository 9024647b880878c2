"""The pictures of the sample dataset.

animals.py  faces of cats and dogs: outlines, coats, features
scene.py    size, light, backdrop and camera of a picture
shapes.py   points, colours, outlines and the pen that draws them
"""
