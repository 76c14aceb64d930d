"""All measurements, one after another: `make bench`."""

from __future__ import annotations

from benchmarks import generate, personas

if __name__ == "__main__":
    generate.main()
    personas.main()
