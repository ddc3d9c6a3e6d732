"""Communication between rational cooperators: pragmatic listeners and the Imagined We.

``rsa`` is the pragmatic core (Rational Speech Acts), ``imagined_we`` the model in which speaker and
listener share one utility, ``baselines`` what it is compared with, ``tasks``, ``gridworld`` and
``boxes`` the games that they play. Import the module that you need; this file imports nothing.
"""
