"""What Vestibule costs, measured on this machine, always beside something else in the same run."""
