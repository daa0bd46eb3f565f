"""What people read: one page a year or campaign, its figures and tables, and quick looks at single plumes.

Contract: a report is one HTML file without links to other files; the same inputs give the same bytes; what is
absent (no plumes, no eruption list, no inventory) is said in words and never stops a report.
"""
