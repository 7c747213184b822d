"""Activation Clustering: 2-means within each class, and the decisions on the smaller cluster.

It runs no FastICA. ICA to 10 components is whitening followed by a rotation, and neither k-means nor the silhouette
sees a rotation. Whitened principal components give the same clusters, faster, whatever the seed (a test compares).

It judges classes, so a detection of it carries a finding for each class beside the suspicion of each sample.
"""
