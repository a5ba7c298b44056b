-- A file that is looked at before anything of it is imported.
ALTER TABLE imports ADD COLUMN sample TEXT; -- JSON of its columns and first values, while it is kept for the next step
