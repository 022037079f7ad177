"""Boards."""
def board_page(*a): return ""
