"""What happened: written in the transaction of the change, read as a timeline and as a feed."""
