"""The catalogue as a file: written by an export, taken in by an import, both as jobs with their progress."""
