"""Leadlight with one transaction for each write: what group commit is measured against."""

from leadlight.cli.entry import main
from leadlight.store import group_commit

if __name__ == "__main__":
    group_commit._MAX_BATCH = 1  # noqa: SLF001  (not a setting: nobody but this would want it)
    main()
