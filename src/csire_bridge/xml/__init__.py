"""Everything that touches XML.

``parser`` is the only way in for bytes from outside, ``prolog`` a part of it. ``envelope`` reads and writes the header
that all messages of the hub have, ``soap`` what both versions of SOAP have. Then the packages: ``security``
(signatures), ``schema`` (validation), ``mapping`` (documents to values and back), ``reading`` (documents explained to
people). ``template`` fills in documents of constant structure, ``redate`` moves the dates of a sample, ``fresh_copy``
gives it a new id and process, too.
"""
