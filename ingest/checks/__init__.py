"""The four-nature checks (DA/T 70-2018, filing phase): what is checked, what came out, and whether the gate opens."""
