"""Pools of unowned records: claims with quota and protection, releases, and the return of what nobody touched."""
