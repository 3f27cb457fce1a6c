"""Views that stand in several doors: the dashboard, the portal behind a link and inside a page.

Each is told in its `Place` who looks and in which frame. Imports no door.
"""
