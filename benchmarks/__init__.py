"""How fast, and how much memory, beside the libraries that people use today: `make bench`."""
