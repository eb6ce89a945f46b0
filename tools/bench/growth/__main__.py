"""`python -m tools.bench.growth`: the tables alone."""

from tools.bench.growth import rows

if __name__ == "__main__":
    rows()
