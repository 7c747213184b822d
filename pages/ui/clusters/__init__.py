"""Parts of the Clusters and Trajectories pages."""
