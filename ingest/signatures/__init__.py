"""Electronic signatures and seals: what they cover, whether they hold, and who vouches for the signer."""
