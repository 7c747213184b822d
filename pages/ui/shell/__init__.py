"""What stands around every page: the frame, the entrance, the job bar, the addresses."""
