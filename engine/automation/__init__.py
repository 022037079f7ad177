"""Automation: matching rules in the save, running them durably, schedules, traces (see docs/automation.md)."""
