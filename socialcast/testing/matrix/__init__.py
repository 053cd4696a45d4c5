"""The proof of "exactly once": every request of every publisher lost, refused, spoiled, and the process killed around it."""
