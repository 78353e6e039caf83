"""Who may do what, and which records: roles in regions, one policy snapshot for both questions, and logging in."""
