"""The decision: from suspicion to a verdict on each class, with the test that it rests on.

Detectors rank; this room asks the model. A *group* is the most suspicious samples of a class. `look_alikes` finds what
its samples would be without a trigger. `triggers` recovers one from what is left and puts it on samples of other
classes. `members` finds who else carries it. `left_out` asks a model that never saw the group, and tells label errors.
`kinds` tells a kind of its own from the hard samples of a class, and `taken_for` one that is taken for one other class.
`of_source` asks what that one shares, and `own_kinds` weighs all. `changes` asks which change of a whole sample a class
gives way to, and who carries it. `found` is what is known so far.
`decide` puts all of it together. `states` says what was found, what is open and what could not be judged, and
`reasons` why. No bona fide sample and no known attack is needed.
"""
