"""Dead letters: everything that came or was to be done and could not be, in one list, with the way to go on."""
