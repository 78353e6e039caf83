"""Reading over HTTP: politely, from named hosts only, and never half."""
