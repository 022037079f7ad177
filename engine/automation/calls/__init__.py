"""What people and other systems start: buttons and their answers, received webhooks, log-ins, events of plugins.

How a run that is started goes on is no matter of it; saves and moments start theirs in `matcher` and `housekeeping`.
"""
