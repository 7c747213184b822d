"""What follows from a run: one table of its samples, rules, advice, families, the queue for review.

`rules` holds the rule in force, the detector's own or the one that a person chose. Review, Repair and the report follow
it. Families are made by a worker from the flags in force; samples flagged later wait for *Group again*. A verdict on a
suspect cluster counts only while that cluster is the same.

Repairing by relabelling touches only clusters that Activation Clustering *and* exclusionary reclassification call
poison. Alone, the latter gave a false alarm on a clean class cut in half.
"""
