"""Measures: throughput beside a hand-written program, growth with rows, imports; and makers of demo data. Dev only."""
