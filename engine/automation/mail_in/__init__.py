"""Received mail: mail boxes are looked into by one worker at a time, and each mail starts its rules once."""
