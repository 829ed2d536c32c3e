"""Where the installed command begins."""

import sys

from salesdaemon.cli.app import run_command_line


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_command_line(sys.argv[1:]))


if __name__ == "__main__":
    main()
