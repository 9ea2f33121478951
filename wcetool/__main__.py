"""`python -m wcetool`."""

from wcetool.cli import main

if __name__ == "__main__":
    main()
