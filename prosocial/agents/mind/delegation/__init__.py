"""Bayesian Delegation: inferring who works on which sub-task, and acting on the best guess.

Wu, Wang, Evans, Tenenbaum, Parkes & Kleiman-Weiner (2021), "Too many cooks: Bayesian inference for
coordinating multi-agent collaboration", Topics in Cognitive Science. Import the module that you
need; this file imports nothing.
"""
