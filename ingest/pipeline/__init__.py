"""The pipeline as data: a validated graph of steps, the outcomes stored so far, and a runner that closes the gap."""
