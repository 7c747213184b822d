"""Activation Clustering: 2-means within each class, and the decisions on the smaller cluster."""
