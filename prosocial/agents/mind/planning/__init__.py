"""Planning as another would: distances, soft values, searches on records; a cache of values."""
