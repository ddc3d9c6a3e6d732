"""The internal social reward (ISR): a model of the social reward, kept when the caregiver leaves.

A learner maximises ``U = R_e + P·R_s + (1 − P)·R_i`` (MDP-SR, Rong & Kleiman-Weiner 2024). While
the caregiver is present (``P = 1``) its transitions are kept as ``data.SocialExperience``;
``fit.fit`` (once, at the switch) or ``continual.ContinualISR`` (as long as the caregiver stays)
regresses the social reward on observation and action; the result, a ``model.InternalReward``,
supplies ``R_i`` when the caregiver is gone (``P = 0``), by one of the rules in ``reward``. The
alternative to regression is ``bayesian.BayesianReward``: feedback as evidence about which events
the caregiver values.
``audit`` measures what was internalized by trying every state and action of a layout.

Import the module that you need; this file imports nothing, so that reading a configuration does not
import torch.
"""
