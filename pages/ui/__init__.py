"""What pages share: the map, the gallery, thumbnails by address."""
