"""Customer lifetime models: who still buys, how often, and for how much.

BG/NBD and MBG/NBD describe when a customer buys, Gamma-Gamma how much one purchase is
worth. All are fitted by maximum likelihood on how many customers share each distinct
history, so a million customers cost no more than their distinct histories.
"""
