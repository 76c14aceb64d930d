"""All measurements, one after another: `make bench`."""

from __future__ import annotations

from benchmarks import build, generate, lifetime, personas

if __name__ == "__main__":
    generate.main()
    build.main()
    personas.main()
    lifetime.main()
