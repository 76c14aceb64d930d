"""All measurements, one after another: `make bench`."""

from __future__ import annotations

from benchmarks import build, generate, kmeans, lifetime, personas, scale

if __name__ == "__main__":
    # First, as the peak of its memory is that of the process.
    lifetime.main()
    generate.main()
    build.main()
    scale.main()
    kmeans.main()
    personas.main()
