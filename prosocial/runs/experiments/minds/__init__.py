"""The experiment `minds-in-learners`: learners with and without what a mind infers."""
