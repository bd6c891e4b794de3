"""The benchmarks: ratios against a peer in the same run, and delays of the whole system."""
