"""Every way in against the far end of it: connector × what can happen to a source, over the real protocol."""
