"""The Imagined We: signalling tasks and joint intentions, what is played and how often."""
