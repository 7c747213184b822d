"""The consensus: scores of many kinds, added up, refined, and cut where bona fide samples say so.

It adds up signals (`signals`) and scores them in cross-conformal folds (`folds`). It refines them by what the most
suspicious of a class have in common: `refinement` for activations and trajectories, `templates` for images. Images
are seen pixel by pixel and by their cosines of high frequency, one pattern after the other. `pattern_rule` is its
rule without a promised rate, and `exact_patterns` the same where a sample has a pattern or has it not, such as words.
`attack_groups` cuts what is flagged into families: finely within each class, joined again where images carry one
pattern once their nearest ordinary images are subtracted (`residuals`).
"""
