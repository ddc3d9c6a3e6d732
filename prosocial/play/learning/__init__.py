"""Learners that learn while a person looks on, and experience from recorded sessions."""
