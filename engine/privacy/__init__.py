"""Personal data: exported, erased and kept for its time, over all objects and the product's own tables.

Read `people` first: who a person is in the records. `traces` finds what tells of one, `erasing` takes it away.
"""
