"""What a year or the campaign found: all its tables in one object, for the figures and the pages."""
