"""The command line: thin commands over the functions that the daemon calls, too.

`app` lists the commands and turns errors into exit codes; each group of commands is a module
that is imported only when one of them is called, so that `--help` answers at once. `call` reads
the configuration and opens the application, `output` prints. Data goes to stdout, everything
else to stderr.
"""
