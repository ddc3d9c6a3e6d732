"""Worlds, the engine that steps them, the social channel and the interfaces around them."""
