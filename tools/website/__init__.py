"""The documentation site: how its pages are made from the notebooks, and what is checked of them.

- `notebooks`: reading notebooks
- `markdown`: headings, anchors, links and pictures in Markdown
- `signatures`: from exported source to a heading, a signature and a table of parameters
- `processors`: what nbdev runs on every page (`procs` in settings.ini)
- `citations`: works that pages mention, and the bibliography
- `build`: run nbdev on a copy of the tree, without Quarto
- `checks`: what must be true of the pages that Quarto gets
"""
