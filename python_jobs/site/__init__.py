"""The parts of the insights report: queries, their cells, charts, and the page.

A section of the report is a template in `sections/`. It asks the queries in `queries/`
by name, says in words what they show, and draws them with the charts in `charts.py`. To
add one: a query, perhaps a chart, a template, and its line in `page.py`.
"""
