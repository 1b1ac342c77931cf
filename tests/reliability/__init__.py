"""What an interruption, a full disk or a hostile file leaves behind: the old result or the new one, nothing else."""
