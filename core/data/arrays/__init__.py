"""Sources that hold arrays: .npz, .npy, tensors and binary records. Nothing is unpickled."""
