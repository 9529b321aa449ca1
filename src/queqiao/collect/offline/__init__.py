"""Files of the past, sent through the public intake as if they happened: ``queqiao import``."""
