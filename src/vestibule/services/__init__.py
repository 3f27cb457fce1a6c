"""One function for each thing that Vestibule does: rules meet the world here, and nowhere else."""
