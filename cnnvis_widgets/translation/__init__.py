"""Other languages: what of a notebook is text, and its translations as gettext's PO files."""
