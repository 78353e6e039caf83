"""What a document is, said with reasons: rules over given codes, labels, title and body; fields; personal data.

Pure functions of their arguments: nothing here reads a database, a clock or the network.
"""
