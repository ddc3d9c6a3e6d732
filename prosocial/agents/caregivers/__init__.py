"""Caregivers that hold a mind; they live here because `envs.social` imports no mind."""
