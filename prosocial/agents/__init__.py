"""Whoever acts in a world: policies, partners, minds, internal rewards, and their training."""
