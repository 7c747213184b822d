"""What pages are made of. A folder with a page's name is that page's own; the others are for any page.

The threshold on Detect is typed, not dragged: a Plotly chart in Streamlit reports no drag.
"""
