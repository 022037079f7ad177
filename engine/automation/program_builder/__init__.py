"""From a checked rule to its program: a module a family of actions, each with its table; `blocks` joins the tables."""

from engine.automation.program_builder.builder import ProgramBuilder

__all__ = ["ProgramBuilder"]
