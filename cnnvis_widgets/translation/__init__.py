"""Translations of notebooks and of the interface, as gettext's PO files."""
