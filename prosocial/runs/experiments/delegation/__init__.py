"""The runs of `prosocial reproduce bayesian-delegation`."""
