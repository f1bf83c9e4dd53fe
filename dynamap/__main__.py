"""``python -m dynamap``."""

from dynamap.cli import main

main()
