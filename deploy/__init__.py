"""What is needed around the program: its environment, and real servers for those who outgrow one machine."""
