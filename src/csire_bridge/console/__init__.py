"""The console: what people see, in pages over the use cases and queries; it has no rule of its own.

``charts`` (bars, columns and lines as shapes for SVG).
"""
