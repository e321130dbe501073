"""XML Schema: validation, explanation, and the structure that a schema allows.

``catalogue`` (which schema belongs to a namespace; lxml decides), ``compile``, ``explain`` (xmlschema explains a
refusal), ``lexical`` (parses xs: values), ``shapes`` (elements, occurrences and types, for checking mapping files),
``differences`` (what a new release changes in them).
"""
