"""The benchmarks: what is measured, against which reference servers, and the recorded results."""
