"""What people see of rules afterwards: why one ran for a record or did not, what it would do, where a value is from.

Everything here is computed when it is asked for, from the record's history and the runs; nothing is kept for it.
"""
