"""Methods that change an image, or the network, and see how far the prediction stays as it is."""
