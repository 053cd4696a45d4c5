"""What socialcast costs, as ratios to a bare program that does the same on the same machine in the same minute."""
