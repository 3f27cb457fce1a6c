"""The dashboard: the pages of the people who run the product. One file for each noun."""
