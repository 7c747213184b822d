"""What leaves the project: figures, pictures, the report, exports and the clean copy.

Small charts are Plotly (`figures`), the same in the app and in the report.
"""
