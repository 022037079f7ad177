"""Webhooks that rules call: each try with request and answer, sent again by hand, switched off by a 410."""
