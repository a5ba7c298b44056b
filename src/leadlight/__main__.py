"""`python -m leadlight` is the `leadlight` command."""

from leadlight.cli.entry import main

if __name__ == "__main__":
    main()
