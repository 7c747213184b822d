"""The triggers, one file each: what an attack does to an image."""
