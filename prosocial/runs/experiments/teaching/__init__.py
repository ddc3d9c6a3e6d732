"""The teaching experiment: caregivers with a mind, and learners that infer values from feedback."""
