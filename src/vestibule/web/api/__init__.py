"""The backend API: one file for each noun, each operation declared once in the registry."""
