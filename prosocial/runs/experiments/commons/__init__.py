"""The commons experiment: does an internal social reward sustain a commons on its own?"""
