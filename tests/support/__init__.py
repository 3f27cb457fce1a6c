"""What several tests share: a whole Vestibule in one process, with a clock that stands still."""
