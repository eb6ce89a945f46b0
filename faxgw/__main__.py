"""`python -m faxgw`, the same as the `faxgw` command."""

from faxgw.cli.main import main

if __name__ == "__main__":
    main()
