"""Dollhouse: rooms and outdoor scenes modeled in Python, rendered by Blender's Cycles, labeled exactly.

`python -m tools.dollhouse` renders the scenes listed in scenes.csv that data/dollhouse does not hold yet.

- scenes/    one file per scene kind (bedroom, street, ...): what stands where, and where the camera is
- things/    one file per family of objects (beds, vehicles, ...): how a thing is built, in meters
- world      the scene under construction: random streams, the placement stack, whose pixels are whose
- mesh, materials, noise, art   the raw material;  mood, light, camera, render   the photograph
- vocabulary, registry, dataset  the 150 classes, what can be built, the files on disk (no Blender needed)
"""

# Raise it when a change alters the pixels of existing scenes; recipes record it.
VERSION = "1.0"
