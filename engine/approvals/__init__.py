"""Approvals between people: records that wait for the consent of others, step by step.

`service.Approvals` is what pages and the API use; a request moves in one transaction a decision (`steps`, `deciding`),
what a decision sets off is in `effects`, what time does in `deadlines`, what is locked meanwhile in `locks`.
"""
