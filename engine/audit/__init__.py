"""The audit log as a whole: what is noted beside saves, how entries are sealed and proved, who reads them.

The entry of a save is written by the save (engine/records/saving/audit.py), those of accounts by engine/accounts.
"""
