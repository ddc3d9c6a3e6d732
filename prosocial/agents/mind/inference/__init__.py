"""Bayes' rule over hypotheses about others, for whole batches of worlds."""

from .checks import checked_betas, checked_prior, checked_share
from .likelihoods import Likelihoods, choice_likelihoods, from_logs
from .posterior import update_posterior

__all__ = [
    "Likelihoods",
    "checked_betas",
    "checked_prior",
    "checked_share",
    "choice_likelihoods",
    "from_logs",
    "update_posterior",
]
