"""Clustering within each class, of activations or of heatmaps, and the decisions on the smaller cluster.

Activation Clustering runs no FastICA. ICA to 10 components is whitening followed by a rotation, and neither k-means
nor the silhouette sees a rotation. Whitened principal components give the same clusters, faster, whatever the seed (a
test compares).

They judge classes, so a detection carries a finding for each class beside the suspicion of each sample.
"""
