"""What is said of a command that a later version brings."""

NOT_YET = "not yet: this comes with a later version."
