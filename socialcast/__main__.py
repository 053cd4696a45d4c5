"""`python -m socialcast` is the program `socialcast`."""

from socialcast.cli import main

main()
