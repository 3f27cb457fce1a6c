"""What Vestibule means, as pure values and decisions: no clock, chance, network or database."""
