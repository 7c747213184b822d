"""What is measured against ground truth. No detector, review or repair imports it."""
