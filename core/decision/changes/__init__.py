"""Changes of a whole sample that turn others into a class, such as warps, filters and light, and who carries them.

`transformed` asks which classes give way to one, and who of them is like samples that were given it. `changed` tells
that likeness, by the network or by what anybody sees. `settled` asks models that saw none of the carriers, or them
alone, whether they taught it. `common` is one change that turns several classes, each into another, and `words` says
what was found.
"""
