"""What is found out about a received file before its cells are taken: size, letters, errors, what is hidden."""
